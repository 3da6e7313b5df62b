"""Files of implants made into a rig's tables; one file a format, known by what is in it."""
