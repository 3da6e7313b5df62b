"""What a recording says a rig should be set to: channel, band, thresholds, onset."""
