"""From raw samples to a `Block`: units, montage, quality, stamps, artifacts."""
