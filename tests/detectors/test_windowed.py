"""Detectors written as a function of a window, and what the chain requires of a detector."""

from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors import chain
from detectors.block import Block, StreamLayout, Taint
from detectors.chain import DetectorChain
from detectors.detector import Input
from detectors.estimates import Estimates, Seen
from detectors.outputs import Measure, Output
from detectors.windowed import Windowed, WindowedConfig
from tests.support.blocks import block_of

_LAYOUT = StreamLayout("LFP", 100.0, ("left", "right"))
_N_SAMPLES = 400
_SPAN = 50


class _Config(WindowedConfig, frozen=True, kw_only=True, tag_field="kind", tag="from_elsewhere"):
    pass


_CONFIG = _Config(id="x", stream="LFP", window_s=0.5)


class Inverse(Windowed):
    """A function that fails on a window that is zero, or half zero."""

    config_type: ClassVar[type[_Config]] = _Config
    measures = (Measure("inverse", "1/µV²"),)

    def measure(self, window_uv: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return one number a channel."""
        return np.diag(np.linalg.inv(window_uv.T @ window_uv))


class Summed:
    """A detector with one output, under a name of its own, from all channels of a stream."""

    config_type: ClassVar[type[_Config]] = _Config
    channels = ("sum",)
    outputs: tuple[Output, ...] = (Output("sum", "sum", "µV"),)
    hop_samples = 1
    span_samples = _SPAN
    delay_s = 0.0

    def __init__(self, config: _Config, layout: StreamLayout) -> None:
        self.id = config.id
        self.rate_hz = layout.rate_hz

    def update(self, given: Input) -> Seen:
        """Return a hop a sample."""
        assert isinstance(given, Block)
        made = Estimates.empty(self.id, given.time_s.size, 1)
        made.sample[:] = given.first_sample + np.arange(given.time_s.size)
        made.time_s[:] = given.time_s
        made.values[:, 0] = given.samples_uv.sum(axis=1)
        made.valid[:] = True
        return Seen(made)

    def reset(self) -> None:
        """Forget nothing: there is no memory."""


class Spanless(Summed):
    """A detector that does not declare how far back it looks."""

    def __getattribute__(self, name: str) -> Any:
        if name == "span_samples":
            raise AttributeError(name)
        return super().__getattribute__(name)


def _chain(monkeypatch: pytest.MonkeyPatch, detector: type[Any]) -> DetectorChain:
    detectors: dict[type[Any], Any] = dict(chain._DETECTORS)
    monkeypatch.setattr(chain, "_DETECTORS", detectors | {_Config: detector})
    return DetectorChain([_CONFIG], {"LFP": _LAYOUT})


def test_a_window_of_doubt_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    taint = np.zeros((_N_SAMPLES, 2), np.uint16)
    taint[:200] = Taint.FROZEN
    samples_uv = np.random.default_rng(1).normal(0.0, 10.0, (_N_SAMPLES, 2))
    samples_uv[:200] = 0.0
    (seen,) = _chain(monkeypatch, Inverse).update(
        block_of(samples_uv, _LAYOUT.rate_hz, taint=taint)
    )
    found = seen.estimates
    assert np.array_equal(found.valid[:, 0], found.sample >= 200 + _SPAN - 1)
    assert (found.values[~found.valid] == 0.0).all()


@pytest.mark.parametrize("channel", [0, 1])
def test_channels_by_other_names_may_be_made_of_any(
    monkeypatch: pytest.MonkeyPatch, channel: int
) -> None:
    taint = np.zeros((_N_SAMPLES, 2), np.uint16)
    taint[100, channel] = Taint.STIMULATION
    (seen,) = _chain(monkeypatch, Summed).update(
        block_of(np.zeros((_N_SAMPLES, 2)), _LAYOUT.rate_hz, taint=taint)
    )
    touched = np.flatnonzero(seen.estimates.taint == Taint.STIMULATION)
    assert touched.tolist() == list(range(100, 100 + _SPAN))


def test_a_detector_that_does_not_say_its_span_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    text = r"^detectors\[0\]\.kind: expected a detector that has span_samples, found none$"
    with pytest.raises(ValueError, match=text):
        _chain(monkeypatch, Spanless)


def test_a_measure_without_its_unit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Named(Inverse):
        measures: ClassVar[Any] = ("inverse",)

    text = (
        r"^detectors\[0\]\.kind: expected Named\.measures, a tuple of Measure\(name, unit\) at "
        r"least one long, found \('inverse',\)$"
    )
    with pytest.raises(ValueError, match=text):
        _chain(monkeypatch, Named)


def test_an_output_that_lacks_a_field_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unnamed(Summed):
        def __init__(self, config: _Config, layout: StreamLayout) -> None:
            super().__init__(config, layout)
            incomplete: Any = Output
            self.outputs = (incomplete("sum"),)

    text = r"^detectors\[0\]\.kind: cannot be built: .*missing 2 required .* 'measure' and 'unit'$"
    with pytest.raises(ValueError, match=text):
        _chain(monkeypatch, Unnamed)


def test_outputs_that_are_only_names_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain(Summed):
        outputs: Any = ("sum",)

    text = r"kind: a detector that does not say what it gives: outputs\[0\]: expected Output\("
    with pytest.raises(ValueError, match=text):
        _chain(monkeypatch, Plain)
