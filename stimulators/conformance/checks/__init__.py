"""What is tried on a device, a file for each part of the contract."""
