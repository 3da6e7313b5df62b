"""Lab Streaming Layer: streams found, read, lost and found again."""
