"""Other ends of the same loop: recordings, the player, the simulated patient, virtual time."""
