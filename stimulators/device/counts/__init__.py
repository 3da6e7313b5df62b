"""What a device counts: charge and time above its safe amount, also over a restart."""
