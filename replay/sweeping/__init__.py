"""Recordings times parameters: searched on one part of each recording, judged on another."""
