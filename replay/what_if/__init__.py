"""What each fault does from each state, tried on the real gate and the real device."""
