"""A whole rig in virtual time: services, operators, devices, an amplifier and a bad network."""
