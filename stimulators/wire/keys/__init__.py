"""Keys that sign messages: their files, their use, and how they are made and exchanged."""
