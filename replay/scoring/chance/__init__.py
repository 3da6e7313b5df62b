"""Recordings in which there is nothing to detect, and what is detected there all the same."""
