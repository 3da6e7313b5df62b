"""How fast a recording is replayed: recorded seconds to a second of processor time."""
