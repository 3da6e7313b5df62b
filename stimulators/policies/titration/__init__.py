"""A staircase of amounts, to find what a measure does as the amount rises."""
