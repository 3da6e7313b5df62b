"""What is wanted of a device: one policy a file, pure folds over hops."""
