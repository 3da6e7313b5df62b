"""What is allowed: the safety gate, the only maker of commands and leases."""
