"""Text for a terminal: tables, lines and progress; no text from elsewhere can control it."""
