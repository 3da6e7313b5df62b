"""Bursts of muscles: when, how long, how regular, and of several at once."""
