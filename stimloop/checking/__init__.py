"""What can be known of a configuration file before anything is connected: all mistakes at once."""
