"""Reads a recorded stream some megabytes at once, for whoever goes through it in short pieces."""

from replay.recording import RecordedStream, Stretch


class ReadAhead:
    """Reads some megabytes at once and gives them out in pieces, read-only.

    Parameters
    ----------
    stream : RecordedStream
        The stream; it may be read from anywhere, but one piece after the other is fast.
    """

    def __init__(self, stream: RecordedStream) -> None:
        self._stream = stream
        self._start = 0
        self._held = stream.read(0, 0)

    def read(self, start: int, stop: int) -> Stretch:
        """Return samples and stamps from sample `start` up to, and without, `stop`."""
        if start < self._start or stop > self._start + len(self._held.timestamps_s):
            end = max(stop, start + self._stream.n_samples_at_once)
            self._start = start
            self._held = self._stream.read(start, min(end, self._stream.n_samples))
            for each in self._held:
                each.flags.writeable = False
        part = slice(start - self._start, stop - self._start)
        return Stretch(self._held.samples[part], self._held.timestamps_s[part])
