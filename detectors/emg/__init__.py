"""EMG: what muscles do together, when, and at which frequencies they are driven."""
