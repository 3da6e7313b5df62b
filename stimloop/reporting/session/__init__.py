"""The page of a session: what was seen, what was decided, and what was given."""
