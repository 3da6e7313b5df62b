"""XDF, the format of LabRecorder: indexed once, decoded where it is read."""
