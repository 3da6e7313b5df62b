"""Keys that sign commands and answers: files, rings, and how they are made."""
