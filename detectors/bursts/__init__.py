"""Bursts: when a measure is high for long enough, how often, and what noise gives."""
