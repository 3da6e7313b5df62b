"""Bands of frequencies: what they are called, and which bins of a spectrum lie in them."""
