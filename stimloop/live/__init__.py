"""A live session: how it is put together, and what an operator is shown of it."""
