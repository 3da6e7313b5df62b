"""The pictures of the guide from a folder of recordings to a rig, and what they are made of."""
