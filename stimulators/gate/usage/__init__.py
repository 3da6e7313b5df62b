"""What a device has used of its budgets: charge, time above safe, and numbers of commands."""
