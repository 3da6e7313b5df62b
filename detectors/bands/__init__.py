"""Bands of frequencies: their names, the bins of a spectrum in them, what aliases into them."""
