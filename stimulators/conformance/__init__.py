"""Checks a device of any maker against the wire contract, over its broker or in virtual time."""
