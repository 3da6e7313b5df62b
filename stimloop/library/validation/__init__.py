"""Looks at recordings, and finds out what a biomarker is worth, from a notebook."""
