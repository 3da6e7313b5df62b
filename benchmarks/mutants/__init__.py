"""Mutation testing: whether a test fails for each small fault put into the rooms of safety."""
