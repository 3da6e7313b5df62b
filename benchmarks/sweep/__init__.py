"""Measures how much faster a sweep is on two local workers than on one."""
