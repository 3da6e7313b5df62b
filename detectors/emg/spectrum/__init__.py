"""Spectra of EMG: how a muscle is driven, beside what a steady contraction would give."""
