"""Every policy of "From a paper to a rig" on the simulated patient."""
