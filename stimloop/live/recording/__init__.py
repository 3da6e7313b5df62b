"""A session recorded beside the loop: LabRecorder as a child process, watched, and compared."""
