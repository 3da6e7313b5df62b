"""Plans of sweeps: checked as a whole before anything starts, and what comes of them written."""
