"""Coherence and phase synchrony of pairs of channels."""
