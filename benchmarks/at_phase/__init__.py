"""Measures when phase-locked triggers are given, over a real broker."""
