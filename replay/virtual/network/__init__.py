"""The broker of a virtual rig, and the connections to it."""
