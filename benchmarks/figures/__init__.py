"""Commands that compute the figures and draw the pictures of the documentation."""
