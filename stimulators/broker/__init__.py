"""The brokers: the embedded one, and how a broker of one's own is set up."""
