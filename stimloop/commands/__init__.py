"""One module for each group of commands; thin: they read options, call, and print."""
