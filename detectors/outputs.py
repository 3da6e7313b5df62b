"""What each column of a detector's estimates is: channel, measure, unit, and what chance gives."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

#: Ends the name of the measure that says what chance gives of another one.
NULL_SUFFIX: Final = "_null"
#: Units of our own detectors; a share, a count and a yes or no have none.
UNITS: Final = (
    "", "µV", "µV²", "log10 µV²", "log10 µV²/Hz", "dB", "%", "SD", "rad", "Hz", "s", "lsb",
)  # fmt: skip

_MEASURE: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_N_UNIT_MAX: Final = 16


class Output(NamedTuple):
    """One column of `Estimates.values`.

    Parameters
    ----------
    channel : str
        Label of the channel, ``a-b`` of a pair.
    measure : str
        What is measured, of letters, digits, ``_``, ``.`` and ``-``; the same in every channel.
    unit : str
        Its unit; empty for what has none (a share, a count, a yes or no).
    null : str, optional
        The measure of the same channel that holds the level of chance: `measure` followed by
        ``_null``. None where no such level is computed.
    signed : bool
        Whether it may be negative.

    Examples
    --------
    >>> Output("STN_L", "power", "µV²").label
    'STN_L.power'
    """

    channel: str
    measure: str
    unit: str
    null: str | None = None
    signed: bool = False

    @property
    def label(self) -> str:
        """Channel and measure, for people."""
        return f"{self.channel}.{self.measure}"


class Measure(NamedTuple):
    """One measure that a detector computes on every channel: an `Output` without the channel.

    Examples
    --------
    >>> Measure("power", "µV²").of("STN_L")
    Output(channel='STN_L', measure='power', unit='µV²', null=None, signed=False)
    """

    name: str
    unit: str
    null: str | None = None
    signed: bool = False

    def of(self, channel: str) -> Output:
        """Return the output that it is on a channel."""
        return Output(channel, *self)


def with_null(name: str, unit: str, *, signed: bool = False) -> tuple[Measure, Measure]:
    """Return a measure that has a null, and that null.

    Examples
    --------
    >>> [each.name for each in with_null("coherence", "")]
    ['coherence', 'coherence_null']
    """
    null = f"{name}{NULL_SUFFIX}"
    return Measure(name, unit, null, signed), Measure(null, unit, None, signed)


def outputs_of(channels: Iterable[str], measures: Sequence[Measure]) -> tuple[Output, ...]:
    """Return the outputs of several measures, channel by channel.

    Examples
    --------
    >>> measures = (Measure("amplitude", "µV"), Measure("phase", "rad", signed=True))
    >>> [output.label for output in outputs_of(["STN_L", "M1"], measures)]
    ['STN_L.amplitude', 'STN_L.phase', 'M1.amplitude', 'M1.phase']
    """
    return tuple(each.of(channel) for channel in channels for each in measures)


def column_of(outputs: Sequence[Output], channel: str, measure: str) -> int:
    """Return the column of a measure on a channel.

    Raises
    ------
    KeyError
        Where it is not among them.

    Examples
    --------
    >>> column_of((Output("STN_L", "power", "µV²"), Output("M1", "power", "µV²")), "M1", "power")
    1
    """
    for column, output in enumerate(outputs):
        if (output.channel, output.measure) == (channel, measure):
            return column
    raise KeyError(f"{channel}.{measure}")


def sole_measure(outputs: Sequence[Output], channels: Sequence[str]) -> Output | None:
    """Return the first output where each channel has one and the same measure, else None.

    Examples
    --------
    >>> outputs = outputs_of(["STN_L", "M1"], [Measure("power", "µV²")])
    >>> sole_measure(outputs, ["STN_L", "M1"]).measure
    'power'
    """
    if tuple(each.channel for each in outputs) != tuple(channels):
        return None
    return outputs[0]


def require_outputs(outputs: object) -> None:
    """Check that the outputs which a detector declares are complete and consistent.

    Raises
    ------
    ValueError
        Where they are not; the text names the first wrong one.

    Examples
    --------
    >>> require_outputs((Output("STN_L", "beta mV", "mV"),))
    Traceback (most recent call last):
        ...
    ValueError: outputs[0].measure: expected up to 64 letters, digits, _, . and -, found 'beta mV'
    """
    if not isinstance(outputs, tuple) or not outputs:
        raise ValueError(f"outputs: expected a tuple of Output, at least one, found {outputs!r}")
    for problem in _problems(outputs):
        raise ValueError(problem)


def _problems(outputs: tuple[object, ...]) -> Iterator[str]:
    units: dict[str, str] = {}
    known: set[tuple[str, str]] = set()
    for column, output in enumerate(outputs):
        where = f"outputs[{column}]"
        if not isinstance(output, Output):
            yield (
                f"{where}: expected Output(channel, measure, unit, null, signed), found {output!r}"
            )
            return
        if not isinstance(output.measure, str) or not _MEASURE.fullmatch(output.measure):
            yield (
                f"{where}.measure: expected up to 64 letters, digits, _, . and -, "
                f"found {output.measure!r}"
            )
            return
        if not _is_unit(output.unit):
            yield (
                f"{where}.unit: expected up to {_N_UNIT_MAX} characters, or '' for what has no "
                f"unit, found {output.unit!r}"
            )
        if units.setdefault(output.measure, output.unit) != output.unit:
            yield (
                f"{where}.unit: expected that of {output.measure!r} on the channels before, "
                f"{units[output.measure]!r}, found {output.unit!r}"
            )
        if (output.channel, output.measure) in known:
            yield f"{where}: expected each measure once a channel, found {output.label!r} twice"
        known.add((output.channel, output.measure))
    for column, output in enumerate(outputs):
        assert isinstance(output, Output)  # noqa: S101 looked at above
        expected = f"{output.measure}{NULL_SUFFIX}"
        if output.null is not None and (
            output.null != expected or (output.channel, expected) not in known
        ):
            yield (
                f"outputs[{column}].null: expected {expected!r}, a measure of {output.channel!r} "
                f"as well, found {output.null!r}"
            )
        elif output.null is not None and units[expected] != output.unit:
            yield (
                f"outputs[{column}].null: expected {expected!r} in {output.unit!r} as "
                f"{output.measure!r}, found it in {units[expected]!r}"
            )


def _is_unit(unit: object) -> bool:
    return isinstance(unit, str) and len(unit) <= _N_UNIT_MAX and (not unit or unit.isprintable())
