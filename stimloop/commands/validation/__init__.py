"""Commands that find out what a biomarker is worth before a rig runs on it."""
