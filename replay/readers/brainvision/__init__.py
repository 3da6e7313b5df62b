"""BrainVision: a header and markers as text, samples in a file beside them."""
