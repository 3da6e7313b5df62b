"""A recording conditioned and detected in stretches, and handed out chunk by chunk."""
