"""One device as the gate drives it: what it is wished to give, and what it is sent."""
