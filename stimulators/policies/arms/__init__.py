"""Control arms: the same policy decides, and what is given does not follow the signal."""
