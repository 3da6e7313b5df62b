"""The laws of a detector, each a check on an example of it.

An `Example` says how a detector is configured and what a plain computation of the same thing
gives. The checks need nothing else, so they hold for a detector from elsewhere as well.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, StreamLayout, Taint
from detectors.chain import DetectorChain
from detectors.detector import DetectorConfig
from detectors.estimates import Detection, Estimates, Seen

_FIELDS = ("sample", "time_s", "values", "valid")


@dataclass(frozen=True)
class Recording:
    """A stretch of one stream, whole."""

    samples_uv: NDArray[np.float64]
    time_s: NDArray[np.float64]
    taint: NDArray[np.uint16]

    @property
    def n_samples(self) -> int:
        return len(self.time_s)

    @property
    def restarts(self) -> list[int]:
        """Samples at which everything starts anew, the first one included."""
        return [int(row) for row in np.flatnonzero(self.taint[:, 0] & Taint.RESTART)]

    def tainted(self, sample: int, channel: int | slice, taint: Taint) -> "Recording":
        changed = self.taint.copy()
        changed[sample, channel] |= np.uint16(taint)
        return replace(self, taint=changed)

    def since(self, sample: int) -> "Recording":
        return Recording(self.samples_uv[sample:], self.time_s[sample:], self.taint[sample:])

    def until(self, sample: int) -> "Recording":
        return Recording(self.samples_uv[:sample], self.time_s[:sample], self.taint[:sample])


#: What a plain computation gives: values and validity of each hop, shape (n_hops, n_outputs).
Plain: TypeAlias = tuple[NDArray[np.float64], NDArray[np.bool_]]
#: It takes the recording and, where the detector reads another one, the estimates of that.
Naive: TypeAlias = Callable[[Recording, Estimates | None], Plain]


@dataclass(frozen=True)
class Example:
    """One way to configure a detector.

    Parameters
    ----------
    name : str
        For the report of the tests.
    configs : sequence of DetectorConfig
        A chain; the last is the detector the laws are held against.
    layout : StreamLayout
        The stream it reads.
    window_samples : int
        An estimate depends on so many samples and no more.
    channel_outputs : int
        Outputs each channel has, channel by channel.
    measures : tuple of int
        Those of a channel's outputs that bad data make invalid.
    naive : callable
        The same thing computed plainly.
    forgets : bool
        Whether a restart leaves nothing behind: false where it calibrates.
    tolerance : float
        Relative, between `naive` and the detector.
    """

    name: str
    configs: Sequence[DetectorConfig]
    layout: StreamLayout
    window_samples: int
    naive: Naive
    channel_outputs: int = 1
    measures: tuple[int, ...] = (0,)
    forgets: bool = True
    tolerance: float = 1e-9

    def chain(self) -> DetectorChain:
        return DetectorChain(self.configs, {self.layout.name: self.layout})

    def columns(self, channel: int) -> list[int]:
        """Return the outputs of a channel that bad data on it make invalid."""
        return [channel * self.channel_outputs + measure for measure in self.measures]

    @property
    def all_columns(self) -> list[int]:
        return [
            column for each in range(len(self.layout.channels)) for column in self.columns(each)
        ]


@dataclass(frozen=True)
class Sight:
    """All that a detector saw of a recording."""

    estimates: Estimates
    detections: tuple[Detection, ...]

    def same_as(self, other: "Sight") -> bool:
        """Whether both are the same, bit for bit."""
        return self.detections == other.detections and all(
            getattr(self.estimates, field).tobytes() == getattr(other.estimates, field).tobytes()
            for field in _FIELDS
        )


def detector_types(package: str = "detectors") -> list[type[Any]]:
    """Return every class of a package that is configured as detectors are."""
    root = importlib.import_module(package)
    found: dict[str, type[Any]] = {}
    for info in pkgutil.walk_packages(root.__path__, f"{package}."):
        module = importlib.import_module(info.name)
        for name, each in vars(module).items():
            if isinstance(each, type) and each.__module__ == info.name:
                config_type = each.__dict__.get("config_type")
                if config_type is not None:
                    found[f"{info.name}.{name}"] = each
    return [found[name] for name in sorted(found)]


def recording(
    layout: StreamLayout, seed: int, n_samples: int, restarts: Sequence[int]
) -> Recording:
    """Return coloured noise with a rhythm that comes and goes, and restarts after lost time."""
    random = np.random.default_rng(seed)
    n_channels = len(layout.channels)
    noise = random.normal(0.0, 3.0, (n_samples, n_channels))
    drift = random.normal(0.0, 1.0, (n_samples, n_channels)).cumsum(axis=0)
    time_s = 100.0 + np.arange(n_samples) / layout.rate_hz
    swell = np.sin(2.0 * np.pi * 1.5 * time_s)[:, None] > random.uniform(-0.5, 0.5, n_channels)
    rhythm = swell * 12.0 * np.sin(2.0 * np.pi * 20.0 * time_s)[:, None]
    taint = np.zeros((n_samples, n_channels), dtype=np.uint16)
    for restart in (0, *restarts):
        taint[restart : restart + 1] |= np.uint16(Taint.RESTART)
        time_s[restart:] += 0.75 if restart else 0.0
    return Recording(noise + drift + rhythm + 200.0, time_s, taint)


def blocks(
    layout: StreamLayout, given: Recording, cuts: Sequence[int], first: int = 0
) -> Iterator[Block]:
    """Yield a recording cut at these samples, each block in memory of its own."""
    edges = sorted({0, given.n_samples, *(cut for cut in cuts if 0 < cut < given.n_samples)})
    for start, stop in pairwise(edges):
        yield Block(
            layout.name,
            first + start,
            given.samples_uv[start:stop].copy(),
            given.time_s[start:stop].copy(),
            given.taint[start:stop].copy(),
        )


def look(example: Example, given: Recording, cuts: Sequence[int] = (), first: int = 0) -> Sight:
    """Return what the example's last detector sees of a recording."""
    return look_with(example.chain(), example, given, cuts, first)


def look_with(
    chain: DetectorChain,
    example: Example,
    given: Recording,
    cuts: Sequence[int] = (),
    first: int = 0,
    *,
    detector: int = -1,
) -> Sight:
    """Return what a detector of a chain sees, the chain's state going on from what it was."""
    wanted = example.configs[detector].id
    seen = [
        each
        for block in blocks(example.layout, given, cuts, first)
        for each in chain.update(block)
        if each.estimates.detector == wanted
    ]
    return joined(seen, len(chain.detectors[wanted].outputs))


def joined(seen: Sequence[Seen], n_outputs: int) -> Sight:
    """Return everything in one piece."""
    nothing = Estimates(
        "",
        np.empty(0, np.int64),
        np.empty(0),
        np.empty((0, n_outputs)),
        np.empty((0, n_outputs), bool),
    )
    parts = [nothing, *(each.estimates for each in seen)]
    fields = {field: np.concatenate([getattr(part, field) for part in parts]) for field in _FIELDS}
    return Sight(
        Estimates(detector=parts[-1].detector, **fields),
        tuple(detection for each in seen for detection in each.detections),
    )


def check_chunks_do_not_show(example: Example, given: Recording, cuts: Sequence[int]) -> None:
    assert look(example, given, cuts).same_as(look(example, given))


def check_the_future_does_not_show(example: Example, given: Recording, sample: int) -> None:
    """Hold that other samples from `sample` on leave everything before it as it was."""
    other = given.samples_uv.copy()
    other[sample:] = -3.0 * other[sample:] + 1e4
    taint = given.taint.copy()
    taint[sample:] ^= np.uint16(Taint.FROZEN)
    whole = look(example, given)
    changed = look(example, Recording(other, given.time_s, taint))
    known = look(example, given.until(sample))
    for each in (whole, changed):
        is_past = each.estimates.sample < sample
        past = Estimates("", *(getattr(each.estimates, field)[is_past] for field in _FIELDS))
        detections = tuple(one for one in each.detections if one.confirmed_sample < sample)
        assert Sight(past, detections).same_as(known)


def check_input_is_left_alone(example: Example, given: Recording) -> None:
    chain = example.chain()
    for block in blocks(example.layout, given, range(0, given.n_samples, 37)):
        kept = Block(
            block.stream,
            block.first_sample,
            block.samples_uv.copy(),
            block.time_s.copy(),
            block.taint.copy(),
        )
        chain.update(block)
        assert block.samples_uv.tobytes() == kept.samples_uv.tobytes()
        assert block.time_s.tobytes() == kept.time_s.tobytes()
        assert block.taint.tobytes() == kept.taint.tobytes()


def check_output_is_never_touched_again(example: Example, given: Recording) -> None:
    chain = example.chain()
    handed_out: list[tuple[Estimates, list[bytes]]] = []
    for block in blocks(example.layout, given, range(0, given.n_samples, 37)):
        for seen in chain.update(block):
            estimates = seen.estimates
            for field in _FIELDS:
                for source in (block.samples_uv, block.time_s, block.taint):
                    assert not np.shares_memory(getattr(estimates, field), source)
            handed_out.append(
                (estimates, [getattr(estimates, field).tobytes() for field in _FIELDS])
            )
    chain.reset()
    for estimates, bits in handed_out:
        assert [getattr(estimates, field).tobytes() for field in _FIELDS] == bits


def check_reset_is_construction(example: Example, given: Recording, cuts: Sequence[int]) -> None:
    chain = example.chain()
    first = look_with(chain, example, given, cuts)
    chain.reset()
    assert look_with(chain, example, given, cuts).same_as(first)


def check_restart_begins_anew(example: Example, given: Recording) -> None:
    """Hold that the grid starts over, a hop is invalid, and what was before is forgotten."""
    seen = look(example, given)
    hop = list(example.chain().detectors.values())[-1].hop_samples
    starts = given.restarts
    grid: list[int] = []
    for start, stop in zip(starts, [*starts[1:], given.n_samples], strict=True):
        grid += range(start + hop - 1, stop, hop)
        at = np.searchsorted(seen.estimates.sample, start)
        assert not seen.estimates.valid[at : at + 1][:, example.all_columns].any()
    assert seen.estimates.sample.tolist() == grid
    if example.forgets:
        last = starts[-1]
        fresh = look(example, given.since(last), first=last).estimates
        for field in _FIELDS:
            after = getattr(seen.estimates, field)[seen.estimates.sample >= last]
            assert after.tobytes() == getattr(fresh, field).tobytes()


def check_taint_spoils_its_window_and_no_more(
    example: Example, given: Recording, sample: int, channel: int, taint: Taint
) -> None:
    clean = look(example, given).estimates
    spoilt = look(example, given.tainted(sample, channel, taint)).estimates
    in_window = (clean.sample >= sample) & (clean.sample < sample + example.window_samples)
    columns = example.columns(channel)
    assert not spoilt.valid[in_window][:, columns].any()
    if not example.forgets:
        return
    assert (spoilt.valid[~in_window][:, columns] == clean.valid[~in_window][:, columns]).all()
    others = [
        column
        for each in range(len(example.layout.channels))
        if each != channel
        for column in example.columns(each)
    ]
    assert spoilt.values[:, others].tobytes() == clean.values[:, others].tobytes()
    assert spoilt.valid[:, others].tobytes() == clean.valid[:, others].tobytes()


def check_doubtful_stamp_spoils_one_estimate(
    example: Example, given: Recording, sample: int
) -> None:
    clean = look(example, given).estimates
    spoilt = look(example, given.tainted(sample, slice(None), Taint.SUSPECT_STAMP)).estimates
    is_newest = clean.sample == sample
    assert not spoilt.valid[is_newest][:, example.all_columns].any()
    if example.forgets:
        assert spoilt.valid[~is_newest].tobytes() == clean.valid[~is_newest].tobytes()


def check_bad_values_stay_in_their_window(
    example: Example, given: Recording, sample: int, channel: int, value: float
) -> None:
    """Hold that what is no voltage is no valid estimate, though nobody tainted it."""
    samples_uv = given.samples_uv.copy()
    samples_uv[sample, channel] = value
    seen = look(example, replace(given, samples_uv=samples_uv)).estimates
    clean = look(example, given).estimates
    assert np.isfinite(seen.values).all()
    columns = example.columns(channel)
    in_window = (seen.sample >= sample) & (seen.sample < sample + example.window_samples)
    assert not seen.valid[in_window][:, columns].any()
    if example.forgets:
        later = seen.sample >= sample + example.window_samples
        assert (seen.valid[later] == clean.valid[later]).all()


def check_values_are_finite_and_zero_where_invalid(example: Example, given: Recording) -> None:
    estimates = look(example, given).estimates
    assert np.isfinite(estimates.values).all()
    assert (estimates.values[~estimates.valid] == 0.0).all()


def check_equals_naive(example: Example, given: Recording) -> None:
    chain = example.chain()
    seen = look_with(chain, example, given)
    below = None
    if len(example.configs) > 1:
        below = look_with(example.chain(), example, given, detector=-2).estimates
    values, valid = example.naive(given, below)
    assert seen.estimates.valid.tolist() == valid.tolist()
    np.testing.assert_allclose(seen.estimates.values, values, rtol=example.tolerance, atol=0.0)


def check_nothing_happens_on(example: Example, constant_uv: float, n_samples: int) -> None:
    """Hold that a dead channel gives numbers, and never a detection."""
    samples_uv = np.full((n_samples, len(example.layout.channels)), constant_uv)
    plain = recording(example.layout, 0, n_samples, ())
    seen = look(example, replace(plain, samples_uv=samples_uv))
    assert np.isfinite(seen.estimates.values).all()
    assert seen.detections == ()


def check_delay_is_declared(example: Example) -> None:
    for detector in example.chain().detectors.values():
        assert 0.0 < detector.delay_s < np.inf


def check_nothing_compiles_after_the_second_call(example: Example, given: Recording) -> None:
    chain = example.chain()
    pieces = list(blocks(example.layout, given, (1, 3, 4, 60, 61, 200)))
    chain.update(pieces[0])
    chain.update(pieces[1])
    # A detector that reads another one is called first when that one has a hop.
    look(example, given)
    before = compiled()
    for piece in pieces[2:]:
        chain.update(piece)
    assert compiled() == before


def compiled(package: str = "detectors") -> dict[str, int]:
    """Return how many times each kernel of a package has been compiled."""
    root = importlib.import_module(package)
    return {
        f"{info.name}.{name}": len(each.signatures)
        for info in pkgutil.walk_packages(root.__path__, f"{package}.")
        for name, each in vars(importlib.import_module(info.name)).items()
        if hasattr(each, "signatures") and hasattr(each, "py_func")
    }
