"""A simulated patient, whose beta oscillations stimulation damps."""
