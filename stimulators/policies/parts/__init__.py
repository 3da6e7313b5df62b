"""Parts that amplitude policies share: small, pure, and timed in hops or samples."""
