"""What a recording is: streams, rates, gaps, artifacts, lines, spectra, 1/f and peaks."""
