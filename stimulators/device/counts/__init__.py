"""The counts of a device: charge and time above its safe amount, kept over a restart."""
