"""Sessions as others read them: BIDS."""
