"""What is taken off a stream's samples, or marked in them, before any detector sees them."""
