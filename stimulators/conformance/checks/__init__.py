"""The checks of a device, one file for each part of the contract."""
