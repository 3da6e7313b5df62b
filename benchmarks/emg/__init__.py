"""What EMG detectors cost."""
