"""Figures with their intervals, and what chance gives of each."""
