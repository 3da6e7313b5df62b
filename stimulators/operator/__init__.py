"""What an operator does from a terminal: stop, requests to the service, and the rig's state."""
