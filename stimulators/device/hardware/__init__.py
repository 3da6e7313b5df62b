"""What gives the amount of a reference device: a box at a serial port, a sound program, your own."""
