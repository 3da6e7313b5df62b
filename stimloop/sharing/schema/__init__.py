"""Datasets held against the schema of BIDS."""
