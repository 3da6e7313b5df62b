"""When triggers are given that are to fire at a phase, over a real broker."""
