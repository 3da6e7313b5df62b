"""What a device has used up: charge, time above safe, and how often it was commanded."""
