"""A recorder's file held against the journal of its session, sample by sample."""
