"""Looks at recordings before a rig runs on them, from a notebook."""
