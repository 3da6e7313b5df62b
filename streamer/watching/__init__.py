"""What watches a session from beside the loop: counts, status, displays, the summary."""
