"""The live loop: LSL in, events in order, step, deliver, journal, the one clock."""
