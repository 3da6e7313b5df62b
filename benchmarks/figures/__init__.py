"""Commands that measure the figures and draw the pictures of the documentation."""
