"""MATLAB files: FieldTrip's raw data, EEGLAB's sets, and matrices of samples with their rate."""
