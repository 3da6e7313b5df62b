"""What differs between two conditions, in epochs around markers."""
