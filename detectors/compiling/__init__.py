"""How kernels are compiled, and how what was compiled is kept for the next start."""
