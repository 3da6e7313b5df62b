"""The files that hold samples, and what their channels are."""
