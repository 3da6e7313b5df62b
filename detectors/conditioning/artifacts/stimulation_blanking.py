"""Samples that a stimulation pulse is in, held at the last good value; what a change spoils."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, ClassVar

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from detectors.block import STIMULATION_CHANGE, STIMULATION_PULSE, BoundEvent, StreamLayout
from detectors.compiling.bundle import Bundle
from detectors.conditioning.artifacts import blanking_kernel as kernel
from detectors.conditioning.artifacts.step import Stepped, rows_of
from detectors.conditioning.findings import Finding

_Text = Annotated[str, Meta(min_length=1)]


class StimulationBlankingConfig(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="stimulation_blanking",
):
    """A `[[streams.artifacts]]` table of kind ``stimulation_blanking``.

    Parameters
    ----------
    blank_s : float
        Seconds in which the last good value is held, from the sample that a pulse is bound to, this
        one included. For the pulses of a device of this rig: the length of a pulse, the time that
        the amplifier needs to recover and the longest block that it delivers, since the device's
        answer is bound to the next sample that arrives.
    settle_s : float
        Seconds in which samples are not used, from the sample that a change of amplitude is bound
        to; with 0 all are used.
    pulse_markers, change_markers : tuple of str
        Markers that announce a pulse, or a change of amplitude, of a device outside this rig.

    Examples
    --------
    >>> StimulationBlankingConfig(blank_s=0.005).blank_s
    0.005
    """

    blank_s: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.003
    settle_s: Annotated[float, Meta(ge=0.0, le=60.0)] = 0.25
    pulse_markers: tuple[_Text, ...] = ()
    change_markers: tuple[_Text, ...] = ()


class StimulationBlanking:
    """Holds the last good value over each pulse that is bound to the stream, and marks it.

    Parameters
    ----------
    config : StimulationBlankingConfig
        Blanking times, and the markers that stand for pulses.
    layout : StreamLayout
        The stream.
    counts : Counter
        ``stimulation_held`` and ``stimulation_spoilt``, in samples of single channels.

    Notes
    -----
    A held sample carries ``STIMULATION``: estimates from it are valid and say so. Where there is
    no good value since the last restart it stays as it is and carries ``UNCLEANED``, as do the
    samples after a change of amplitude, for `settle_s`. Pulses and changes that follow each other
    sooner prolong; a restart ends both.

    It knows of single pulses and of changes, not of the pulses of a stimulation that runs: those
    are for `StimulationPeriod`. A pulse whose samples came before the device's answer has passed.

    Delay: none. Held values are a gap filled with a line: of a rhythm of f hertz a share of about
    the blanked time is lost, and steps of up to its amplitude come in.

    Examples
    --------
    >>> layout = StreamLayout("LFP", 1000.0, ("STN_L",))
    >>> step = StimulationBlanking(StimulationBlankingConfig(blank_s=0.005), layout, Counter())
    >>> samples_uv = np.zeros((100, 1))
    >>> samples_uv[50:53] = 900.0
    >>> pulse = BoundEvent(50, STIMULATION_PULSE)
    >>> blanked = step.update(samples_uv, np.zeros((100, 1), dtype=np.uint16), (pulse,), 0)
    >>> float(np.abs(blanked.samples_uv).max())
    0.0
    """

    configured_by: ClassVar[type[StimulationBlankingConfig]] = StimulationBlankingConfig
    reads_events: ClassVar[bool] = True

    delay_s = 0.0

    def __init__(
        self, config: StimulationBlankingConfig, layout: StreamLayout, counts: Counter[str]
    ) -> None:
        self._config = config
        self._n_blank = max(1, round(config.blank_s * layout.rate_hz))
        self._n_settle = round(config.settle_s * layout.rate_hz)
        self._n_channels = len(layout.channels)
        self._counts = counts
        self.reset()

    def reset(self) -> None:
        """Forget everything but the counts: what follows is as after construction."""
        self._state = Bundle(
            kernel.State(
                held_uv=np.zeros(self._n_channels),
                has_held=np.zeros(self._n_channels, dtype=np.bool_),
                settings=kernel.Settings(n_blank=self._n_blank, n_settle=self._n_settle),
                counters=kernel.Counters(),
            )
        )

    def update(
        self,
        samples_uv: NDArray[np.float64],
        taint: NDArray[np.uint16],
        events: Sequence[BoundEvent],
        first_sample: int,
    ) -> Stepped:
        """Take the next samples; never raises on data, never changes the arrays it is handed."""
        config, n_samples = self._config, len(samples_uv)
        pulses = rows_of(events, STIMULATION_PULSE, config.pulse_markers, first_sample, n_samples)
        changes = rows_of(
            events, STIMULATION_CHANGE, config.change_markers, first_sample, n_samples
        )
        cleaned, marked = samples_uv.copy(), taint.copy()
        kernel.update(
            np.array(pulses, np.int64),
            np.array(changes, np.int64),
            cleaned,
            marked,
            self._state.addresses,
        )
        counters = self._state.fields.counters
        for name, field in (("stimulation_held", "n_held"), ("stimulation_spoilt", "n_spoilt")):
            n_samples = int(counters.view(field))
            if n_samples:
                self._counts[name] += n_samples
        return Stepped(cleaned, marked, self._findings(pulses, changes, first_sample))

    def _findings(self, pulses: list[int], changes: list[int], first_sample: int) -> list[Finding]:
        config = self._config
        findings = [
            Finding(first_sample + row, "blanked", "pulse", f"a pulse: {config.blank_s:g} s held")
            for row in pulses
        ]
        if self._n_settle:
            text = f"a change of amplitude: {config.settle_s:g} s not to be used"
            findings += [Finding(first_sample + row, "blanked", "change", text) for row in changes]
        # Stable: at one sample the pulse comes first.
        return sorted(findings, key=lambda finding: finding.sample)
