"""EDF, EDF+, BDF and BDF+: records of every signal's samples, read where they lie."""
