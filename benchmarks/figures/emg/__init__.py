"""The pictures of the guide to simulated muscles."""
