"""The rigs on this machine: running rigs, operators' keys, reference devices."""
