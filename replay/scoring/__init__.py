"""How well detections of a recording meet a reference, and what chance would give."""
