"""Amplitude and phase of one rhythm, and the times at which it reaches a phase."""
