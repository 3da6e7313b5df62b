"""Several streams brought to one grid of samples."""
