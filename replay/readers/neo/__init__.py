"""Recordings of amplifiers and acquisition systems that the library neo reads, by one adapter."""
