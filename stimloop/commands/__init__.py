"""One file for each group of commands, in its `app`; thin: they read options, call, and print."""
