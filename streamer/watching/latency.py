"""A latency histogram of fixed size, for percentiles over any length of session."""

import math

#: Bins to a decade: neighbouring bins differ by 2.3 %, the resolution of every percentile.
_BINS_PER_DECADE = 100
_SHORTEST_S = 1e-6
_N_BINS = 8 * _BINS_PER_DECADE


class LatencyHistogram:
    """Counts of durations from a microsecond to a hundred seconds, on a logarithmic scale.

    Durations outside are counted in the outermost bins; the largest is kept exactly.
    """

    def __init__(self) -> None:
        self._counts = [0] * _N_BINS
        self.n = 0
        self.max_s = 0.0

    def add(self, duration_s: float) -> None:
        """Count one duration."""
        ratio = duration_s / _SHORTEST_S
        bin_index = int(math.log10(ratio) * _BINS_PER_DECADE) if ratio > 1.0 else 0
        self._counts[min(bin_index, _N_BINS - 1)] += 1
        self.n += 1
        self.max_s = max(self.max_s, duration_s)

    def percentile_s(self, percent: float) -> float:
        """Return the upper edge of the bin in which the percentile lies, or 0 without data."""
        wanted = self.n * percent / 100.0
        below = 0
        for bin_index, count in enumerate(self._counts):
            below += count
            if below >= wanted and below:
                edge_s: float = _SHORTEST_S * 10.0 ** ((bin_index + 1) / _BINS_PER_DECADE)
                return min(edge_s, self.max_s)
        return 0.0

    def as_ms(self) -> dict[str, float]:
        """Return ``p50``, ``p99``, ``p999`` and ``max`` in milliseconds."""
        shares = {"p50": 50.0, "p99": 99.0, "p999": 99.9}
        found = {name: 1e3 * self.percentile_s(share) for name, share in shares.items()}
        return {
            name: round(value, 4) for name, value in (found | {"max": 1e3 * self.max_s}).items()
        }
