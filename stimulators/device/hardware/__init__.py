"""What gives the amount of a reference device: a box, a program, or something of one's own."""
