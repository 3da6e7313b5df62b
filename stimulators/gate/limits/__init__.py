"""The limits that the gate holds every command to, one class each."""
