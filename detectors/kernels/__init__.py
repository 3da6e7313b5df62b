"""Compiled kernels: arrays and scalars only, fixed order of summation."""

from detectors.kernels.cache import keep_apart

keep_apart()
