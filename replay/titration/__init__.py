"""What a staircase of amounts says of a patient: dose and response, sign, thresholds."""
