"""Mutation testing: puts small faults into the safety code and checks that a test fails."""
