"""Policies that wrap another one, to add a second measure or more devices."""
