"""Simulated EMG with ground truth: muscles' drives, motor evoked potentials, stretches."""
