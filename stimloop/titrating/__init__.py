"""Titrations on a rig: the staircase, the files of the result, its picture."""
