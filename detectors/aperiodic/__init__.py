"""The 1/f part of a spectrum, and what stands above it."""
