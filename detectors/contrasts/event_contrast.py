"""Two conditions compared in epochs around markers, while the epochs come."""

import hashlib
from typing import ClassVar, Final

import numpy as np

from detectors.block import StreamLayout
from detectors.checks import require_memory
from detectors.contrasts.config import ConditionConfig, EventContrastConfig, RestConfig
from detectors.contrasts.contrast import Estimator
from detectors.contrasts.epoch_values import MeasureEpochs, ResponseEpochs
from detectors.contrasts.marker_epochs import MarkerEpochs
from detectors.contrasts.permutation import compile_kernels
from detectors.contrasts.trials import Reason, Trials
from detectors.detector import Detector, DetectorConfig, Input
from detectors.estimates import Estimates, Seen
from detectors.kernels.trust import RESTART
from detectors.outputs import Measure, Output, column_of, outputs_of, with_null

__all__ = ["ConditionConfig", "EventContrast", "EventContrastConfig", "Reason", "RestConfig"]

#: Of a channel's outputs those that are always valid.
_COUNTS: Final = (
    "n_first", "n_second", "n_rejected", "n_unpaired", "n_doubled", "n_unbound", "reasons",
)  # fmt: skip


class EventContrast:
    """A measure in epochs around markers of two conditions, and what they differ by.

    Task specificity, a sensory trick, inhibition by paired pulses, plasticity: all of them are
    one question. Is a measure another one after these markers than after those, by how much, how
    sure is that, and how often would it come out so by chance?

    Parameters
    ----------
    config : EventContrastConfig
        What is measured, which conditions, and how they are compared.
    *sources : StreamLayout, or tuple of StreamLayout and Detector
        The stream; or the streams that the detector depends on, and that detector.

    Raises
    ------
    ValueError
        Where the detector reads several streams, has no such measure, one that may be negative
        under a ratio, an index or a geometric mean, or estimates that no epoch can hold.

    Notes
    -----
    Each epoch gives one value a channel: of a detector the mean of its estimates that depend on
    samples of the epoch alone (all of `Detector.span_samples` within it, so that conditions do not
    leak into each other); of a stream's samples their peak-to-peak amplitude. S1 and S2 are the
    means of the two conditions' epochs, geometric ones ``exp(mean ln x)`` where that is asked for.

    Outputs, for each channel: ``contrast``, which is ``S1 - S2``, ``S1 / S2`` or the index
    ``(S1 - S2) / (S1 + S2)``; ``lower`` and ``upper``, the limits of its confidence interval, by
    Welch's t of the values or of their logarithms, by Student's of pairs' differences
    (`detectors.contrasts.contrast`); ``p``; ``first`` and ``second``, S1 and S2; and counts of
    epochs: ``n_first`` and ``n_second`` that are used, ``n_rejected``, ``n_unpaired``,
    ``n_doubled``, ``n_unbound``, and ``reasons``, the sum of what is wrong (`Reason`). The mean
    of single trials' ratios is never computed: of lognormal amplitudes it is too high by exp(σ²).
    Exchanging the conditions changes the sign of a difference and of an index exactly.

    Chance: ``p`` is the share of relabelled epochs (of pairs: exchanged ones) whose means, or
    means of logarithms, differ at least as much, two-sided; of all relabellings where they are no
    more than `n_permutations`, else ``(1 + k) / (1 + n)`` of random ones. ``contrast_null`` is the
    contrast that a share `confidence` of them does not exceed in size; a difference or an index
    beyond ``±contrast_null``, a ratio beyond it or its inverse, is more than chance. Both are of
    one look: who looks after every epoch and stops at the first p below 0.05 is wrong more often
    than in one of twenty cases, so fix the number of epochs beforehand. Random numbers are a
    counter's (SplitMix64) that `seed`, id and numbers of epochs begin: neither chunks nor the order
    in which markers arrived change a bit.

    Valid: all but the counts, from `n_min` epochs of each condition on, while no more than
    `lost_share_max` were lost, and not at the first hop after a restart.

    Markers are bound to the first sample at or after their stamp, by the clock of their own stream,
    if they came within `wait_s` after their epoch; else, and where they are stamped more than 10 s
    ahead or into a gap, they count in ``n_unbound``. Of two of one condition nearer than `apart_s`
    the second counts in ``n_doubled``.

    Raw EMG: an epoch is rejected where the RMS about the mean in ``rest.window_s`` is above
    ``rest.rms_uv_max``, or a sample of either window is saturated or spoilt in another way.

    Delay: that of the source, half the longer epoch, and `wait_s`. Start and gap: epochs stay; one
    that a restart falls into is rejected. NaN policy: an epoch with any estimate that is not valid,
    or any bad sample, is rejected on that channel.

    A research feature, not a diagnosis.

    References
    ----------
    .. [1] T. Kujirai et al., "Corticocortical inhibition in human motor cortex", Journal of
       Physiology 471, 1993, doi:10.1113/jphysiol.1993.sp019912.
    .. [2] B. Phipson and G. K. Smyth, "Permutation p-values should never be zero", Statistical
       Applications in Genetics and Molecular Biology 9(1), 2010, doi:10.2202/1544-6115.1585.

    Examples
    --------
    >>> conditioned = ConditionConfig(markers=("CS+TS 2 ms",), window_s=(0.015, 0.05))
    >>> test = ConditionConfig(markers=("TS",), window_s=(0.015, 0.05))
    >>> config = EventContrastConfig(
    ...     id="sici", stream="EMG", first=conditioned, second=test, form="ratio", mean="geometric"
    ... )
    >>> sici = EventContrast(config, StreamLayout("EMG", 5000.0, ("FDI",)))
    >>> [each.label for each in sici.outputs][:3]
    ['FDI.contrast', 'FDI.contrast_null', 'FDI.lower']
    """

    config_type: ClassVar[type[DetectorConfig]] = EventContrastConfig
    reads_events: ClassVar[bool] = True

    def __init__(
        self,
        config: EventContrastConfig,
        *sources: StreamLayout | tuple[StreamLayout, ...] | Detector,
    ) -> None:
        self.id = config.id
        self._config = config
        seed = hashlib.sha256(f"{config.seed} {config.id}".encode()).digest()
        self._estimator = Estimator(
            config.form,
            config.mean,
            config.confidence,
            config.n_permutations,
            int.from_bytes(seed[:8], "big"),
        )
        layout = sources[0] if config.stream is not None else _sole(config, sources[0])
        assert isinstance(layout, StreamLayout)  # noqa: S101 the chain gives what `reads` names
        self.rate_hz = layout.rate_hz
        self._markers = MarkerEpochs(config, layout.rate_hz)
        longest_s = max(
            each.window_s[1] - each.window_s[0] for each in (config.first, config.second)
        )
        self.delay_s = longest_s / 2.0 + config.wait_s
        self._epochs: MeasureEpochs | ResponseEpochs
        if config.stream is not None:
            self._read_samples(config, layout)
        else:
            self._read_measure(config, layout, sources[1])  # type: ignore[arg-type]
        self._columns = {
            name: [column for column, each in enumerate(self.outputs) if each.measure == name]
            for name in {each.measure for each in self.outputs}
        }
        compile_kernels()
        self.reset()

    def reset(self) -> None:
        """Forget every epoch: what follows is as after construction."""
        self._markers.reset()
        self._epochs.reset()
        n_channels = len(self._columns["contrast"])
        self._trials = Trials(self._config, n_channels)
        self._n_hops = 0
        self._restarts: list[int] = []
        self._taint = 0
        self._values = np.zeros(len(self.outputs))
        self._valid = np.zeros(len(self.outputs), dtype=np.bool_)
        for channel in range(n_channels):
            self._judge(channel)

    def update(self, given: Input) -> Seen:
        """Take samples with their markers, or estimates; return every hop that they complete."""
        if isinstance(given, Estimates):
            assert isinstance(self._epochs, MeasureEpochs)  # noqa: S101 the chain gives what it reads
            self._epochs.add(given)
            first = self._every - 1 - self._n_hops % self._every
            self._n_hops += given.sample.size
            hops = slice(first, None, self._every)
            newest = int(given.sample[-1]) if given.sample.size else -1
            return self._seen(given.sample[hops].tolist(), given.time_s[hops].tolist(), newest)
        self._markers.add(given)
        restarts = np.flatnonzero(given.taint[:, 0] & RESTART).tolist()
        self._restarts += [given.first_sample + row for row in restarts]
        if isinstance(self._epochs, MeasureEpochs):
            return self._seen([], [], -1)
        self._epochs.add(given)
        rows = self._hop_rows(given.time_s.size, restarts)
        newest = given.first_sample + given.time_s.size - 1
        samples = [given.first_sample + row for row in rows]
        return self._seen(samples, given.time_s[rows].tolist(), newest)

    def _read_samples(self, config: EventContrastConfig, layout: StreamLayout) -> None:
        layout.require(config.channels)
        self.channels = config.channels or layout.channels
        self.outputs = outputs_of(self.channels, _measures(config, "µV"))
        self.hop_samples = max(1, round(config.hop_s * layout.rate_hz))
        self._every = 1
        start = round(config.rest.window_s[0] * layout.rate_hz)
        self.span_samples = self._markers.reach + max(0, -start)
        windows = {
            "first.window_s": config.first.window_s,
            "second.window_s": config.second.window_s,
            "rest.window_s": config.rest.window_s,
        }
        for key, (start_s, stop_s) in windows.items():
            if round(stop_s * layout.rate_hz) - round(start_s * layout.rate_hz) < 2:
                raise ValueError(
                    f"{key}: expected two samples of {layout.name!r} at {layout.rate_hz:g} Hz or "
                    f"more, found [{start_s:g}, {stop_s:g}]"
                )
        n_kept = self.span_samples * len(self.channels)
        require_memory("first.window_s", config.first.window_s[1], n_kept)
        self._epochs = ResponseEpochs(
            np.array([layout.channels.index(each) for each in self.channels], dtype=np.int64),
            self._markers.windows,
            config.rest,
            rate_hz=layout.rate_hz,
            reach=self.span_samples,
        )

    def _read_measure(
        self, config: EventContrastConfig, layout: StreamLayout, source: Detector
    ) -> None:
        measure = _measure_of(config, source)
        labels = tuple(each.channel for each in source.outputs if each.measure == measure.measure)
        for index, label in enumerate(config.channels):
            if label not in labels or label in config.channels[:index]:
                raise ValueError(
                    f"channels[{index}]: expected each of {', '.join(labels)} once at most, "
                    f"found {label!r}"
                )
        labels = config.channels or labels
        self.channels = source.channels
        self.outputs = outputs_of(labels, _measures(config, measure.unit, signed=measure.signed))
        self._every = max(1, round(config.hop_s * layout.rate_hz / source.hop_samples))
        self.hop_samples = self._every * source.hop_samples
        self.delay_s += source.delay_s
        self.span_samples = self._markers.reach
        needed = source.span_samples - 1 + source.hop_samples
        conditions = {"first": config.first, "second": config.second}
        for (key, condition), (start, stop) in zip(
            conditions.items(), self._markers.windows, strict=True
        ):
            if stop - start < needed:
                raise ValueError(
                    f"{key}.window_s: expected {needed / layout.rate_hz:g} s or more, what an "
                    f"estimate of {config.of!r} depends on and a hop, "
                    f"found [{condition.window_s[0]:g}, {condition.window_s[1]:g}]"
                )
        n_hops = self.span_samples // source.hop_samples
        require_memory("first.window_s", config.first.window_s[1], n_hops * len(labels))
        columns = [column_of(source.outputs, label, measure.measure) for label in labels]
        self._epochs = MeasureEpochs(
            np.array(columns, dtype=np.int64),
            self._markers.windows,
            span_samples=source.span_samples,
            hop_samples=source.hop_samples,
            reach=self.span_samples,
        )

    def _hop_rows(self, n_rows: int, restarts: list[int]) -> list[int]:
        """Return the rows of a block at which a hop ends; the grid begins anew at each restart."""
        rows: list[int] = []
        begin = 0
        for end in (*restarts, n_rows):
            rows += range(begin + self.hop_samples - 1 - self._n_hops, end, self.hop_samples)
            self._n_hops = (self._n_hops + end - begin) % self.hop_samples
            if end < n_rows:
                self._n_hops = 0
            begin = end
        return rows

    def _seen(self, samples: list[int], times_s: list[float], newest: int) -> Seen:
        """Return the estimates at hops, and take what is settled by the newest sample."""
        made = Estimates.empty(self.id, len(samples), len(self.outputs))
        for hop, (sample, time_s) in enumerate(zip(samples, times_s, strict=True)):
            self._settle(sample)
            is_cut = bool(self._restarts) and self._restarts[0] <= sample
            self._restarts = [each for each in self._restarts if each > sample]
            made.sample[hop], made.time_s[hop] = sample, time_s
            made.valid[hop] = self._is_count | self._valid if not is_cut else self._is_count
            made.values[hop] = np.where(made.valid[hop], self._values, 0.0)
            made.taint[hop] = self._taint
        # At once, and not at the next hop: restarts may put that off for as long as they like.
        self._settle(newest)
        self._epochs.forget_old()
        return Seen(made)

    def _settle(self, sample: int) -> None:
        """Take every epoch that is settled by a sample."""
        settled = self._markers.take_until(sample)
        for epoch in settled:
            given = self._epochs.read(epoch)
            self._taint |= given.taint
            self._trials.add(epoch, given)
        if settled:
            for channel in range(len(self._columns["contrast"])):
                self._judge(channel)

    def _judge(self, channel: int) -> None:
        """Compute the outputs of a channel anew."""
        kept, trials = self._trials.of(channel), self._trials
        reasons = trials.reasons(channel)
        found = dict(
            zip(
                _COUNTS,
                (
                    kept.first.size,
                    kept.second.size,
                    trials.n_rejected[channel],
                    trials.n_unpaired[channel],
                    trials.n_doubled,
                    trials.n_unbound,
                    int(reasons),
                ),
                strict=True,
            )
        )
        values = {name: float(each) for name, each in found.items()}
        if not reasons & (Reason.FEW | Reason.LOST):
            contrast = self._estimator.contrast(
                kept.first, kept.second, kept.is_first, paired=self._config.paired
            )
            values |= {
                "contrast": contrast.value,
                "contrast_null": contrast.null,
                "lower": contrast.lower,
                "upper": contrast.upper,
                "p": contrast.p,
                "first": contrast.first,
                "second": contrast.second,
            }
        for name, columns in self._columns.items():
            value = values.get(name, np.nan)
            self._valid[columns[channel]] = np.isfinite(value)
            self._values[columns[channel]] = value if np.isfinite(value) else 0.0

    @property
    def _is_count(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which outputs are always valid."""
        return np.array([each.measure in _COUNTS for each in self.outputs])


def _measures(
    config: EventContrastConfig, unit: str, *, signed: bool = False
) -> tuple[Measure, ...]:
    """Return what each channel has."""
    is_signed = config.form != "ratio"
    of = unit if config.form == "difference" else ""
    contrast, null = with_null("contrast", of, signed=is_signed)
    return (
        contrast,
        null,
        Measure("lower", of, signed=is_signed),
        Measure("upper", of, signed=is_signed),
        Measure("p", ""),
        Measure("first", unit, signed=signed),
        Measure("second", unit, signed=signed),
        *(Measure(name, "") for name in _COUNTS),
    )


def _sole(config: EventContrastConfig, layouts: object) -> StreamLayout:
    assert isinstance(layouts, tuple)  # noqa: S101 the chain gives what `reads` names
    if len(layouts) != 1:
        names = ", ".join(each.name for each in layouts)
        raise ValueError(
            f"of: expected a detector of one stream, found {config.of!r}, which reads {names}"
        )
    layout: StreamLayout = layouts[0]
    return layout


def _measure_of(config: EventContrastConfig, source: Detector) -> Output:
    """Return an output of the measure that is asked for."""
    found = {each.measure: each for each in reversed(source.outputs)}
    name = config.measure or (next(iter(found)) if len(found) == 1 else "")
    if name not in found:
        raise ValueError(
            f"measure: expected one of {', '.join(sorted(found))} of {config.of!r}, "
            f"found {config.measure!r}"
        )
    if found[name].signed and (config.form != "difference" or config.mean == "geometric"):
        raise ValueError(
            f"form: expected 'difference' of arithmetic means, as {name!r} of {config.of!r} may be "
            f"negative, found {config.form!r} of {config.mean} means"
        )
    return found[name]
