"""Text for a terminal: tables, lines and progress, none of which can steer it."""
