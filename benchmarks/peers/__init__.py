"""Other people's ways to compute the same, each in an environment and a process of its own."""
