"""What amplitude policies share: small pure parts, each counted in hops or samples."""
