"""The link from detectors to policies, and from devices back to policies."""
