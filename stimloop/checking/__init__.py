"""Checks of a configuration file that need no network, device or stream: all mistakes at once."""
