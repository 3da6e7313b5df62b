"""Titrations on a rig: its staircase, what is kept of the result, its picture."""
