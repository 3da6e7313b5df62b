"""What a recording of rest and of reference contractions says of the levels of muscles."""
