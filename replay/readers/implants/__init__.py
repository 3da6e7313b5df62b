"""Recordings that implants made: their session reports and streams."""
