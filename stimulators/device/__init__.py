"""The reference device: what a stimulator does with what it hears."""
