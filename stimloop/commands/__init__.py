"""The commands, a file for each group: they read options, call other packages, and print."""
