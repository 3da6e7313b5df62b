"""The commands that look at recordings before a rig runs on them."""
