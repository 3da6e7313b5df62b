"""Tables of a session for analysis, `estimates.parquet` and `events.parquet`, beside the loop."""
