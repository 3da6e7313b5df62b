"""What was seen as the row of a table of events."""

from detectors.estimates import Detection
from streamer.tables.row import Row, row


def detected(detection: Detection) -> Row:
    """Return the row of a detection."""
    return row(
        "detection",
        detection.kind,
        time_s=detection.onset_s,
        sample=detection.sample,
        detector=detection.detector,
        channel=detection.channel,
        value=detection.strength,
    )
