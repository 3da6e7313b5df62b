"""Power of frequency bands."""
