"""What an operator can do from any terminal."""
