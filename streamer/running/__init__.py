"""What a run of the service consists of: one order of events, its end, and its farewell."""
