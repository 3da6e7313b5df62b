"""The journal of a session: written before anything is sent, read and proven afterwards."""
