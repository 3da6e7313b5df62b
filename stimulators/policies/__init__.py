"""Policies: which amount or trigger a device should give, decided hop by hop, one policy a file."""
