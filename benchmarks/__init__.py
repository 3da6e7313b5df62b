"""What `make bench` runs; see README.md beside this file."""
