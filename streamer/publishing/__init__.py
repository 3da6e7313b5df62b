"""What is seen, decided and given as LSL streams of our own: for recorders and displays."""
