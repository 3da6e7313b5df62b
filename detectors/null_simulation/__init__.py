"""Detectors run on Gaussian noise of the spectrum of a stream: what chance alone gives."""
