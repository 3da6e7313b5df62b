"""Policies that wrap another one: a second measure, or more devices."""
