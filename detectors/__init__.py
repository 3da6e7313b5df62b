"""What was seen: blocks of samples in, estimates and detections out."""
