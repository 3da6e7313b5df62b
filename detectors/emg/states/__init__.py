"""States of two muscles: at rest, both held, in turn, together, in bursts, or none of these."""
