"""What a notebook uses: arrays, recordings and sessions, without a rig."""
