"""The gate's side of one device: what a policy wants of it, and the commands it is sent."""
