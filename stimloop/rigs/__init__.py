"""The rigs of this machine: those that run, their keys, their reference devices."""
