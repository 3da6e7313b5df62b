"""A live session put together, and what an operator sees of it."""
