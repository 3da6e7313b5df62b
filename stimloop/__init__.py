"""The faces: configuration put together, command line, live table."""
