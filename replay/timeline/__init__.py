"""When everything in a recording happened, on one clock."""
