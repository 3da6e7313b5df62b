"""Compiled kernels: arrays and scalars only, fixed order of summation."""
