"""Between what detectors see and what policies want, and back from what devices did."""
