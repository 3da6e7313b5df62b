"""A journal for people: its records in words, and why a command was sent, or none."""
