"""Pages of sessions and scores: one self-contained HTML file that opens offline and prints."""
