"""The state of a rig: its changes, what ends each state, lapses, and the stops that it sends."""
