"""Recordings played onto Lab Streaming Layer in their own time."""
