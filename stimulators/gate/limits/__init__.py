"""The limits on every command of the gate, one class each."""
