"""The same computations by other packages, each in its own environment and process."""
