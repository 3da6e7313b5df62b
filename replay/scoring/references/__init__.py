"""What detections are held against: computed offline, marked, or logged by a device."""
