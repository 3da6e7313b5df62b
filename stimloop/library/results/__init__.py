"""What detection gives: arrays, tables, episodes and pictures."""
