"""What a notebook needs to find out what a biomarker is worth."""
