"""Titration: dose and response, sign and thresholds from a staircase of amounts."""
