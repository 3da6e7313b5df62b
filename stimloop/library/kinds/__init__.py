"""The kinds of detectors and artifact steps, each a function by the name of its class."""
