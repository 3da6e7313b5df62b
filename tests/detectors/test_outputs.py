"""The outputs that a detector declares must be complete and consistent."""

from typing import Any

import pytest

from detectors.outputs import (
    UNITS,
    Measure,
    Output,
    column_of,
    outputs_of,
    require_outputs,
    sole_measure,
    with_null,
)
from tests.detectors.examples import EXAMPLES

_POWER = Output("C0", "power", "µV²")
_NOTHING: Any = None


@pytest.mark.parametrize(
    ("outputs", "text"),
    [
        ((), "outputs: expected a tuple of Output, at least one, found ()"),
        ([_POWER], "outputs: expected a tuple of Output, at least one, found [Output("),
        (("C0",), "outputs[0]: expected Output(channel, measure, unit, null, signed), found 'C0'"),
        ((_POWER, ("C1", "power", "µV²", None, False)), "outputs[1]: expected Output("),
        ((_POWER._replace(measure=""),), "outputs[0].measure: expected up to 64 letters"),
        ((_POWER._replace(measure="a b"),), "outputs[0].measure: expected up to 64 letters"),
        ((Output("C0", "power", _NOTHING),), "outputs[0].unit: expected up to 16 characters"),
        ((_POWER._replace(unit="\n"),), "outputs[0].unit: expected up to 16 characters"),
        ((_POWER._replace(unit="x" * 17),), "outputs[0].unit: expected up to 16 characters"),
        (
            (_POWER, Output("C1", "power", "dB")),
            "outputs[1].unit: expected that of 'power' on the channels before, 'µV²', found 'dB'",
        ),
        ((_POWER, _POWER), "outputs[1]: expected each measure once a channel, found 'C0.power'"),
        (
            (_POWER._replace(null="power_null"), Output("C1", "power_null", "µV²")),
            "outputs[0].null: expected 'power_null', a measure of 'C0' as well, found 'power_null'",
        ),
        (
            (_POWER._replace(null="chance"), Output("C0", "chance", "µV²")),
            "outputs[0].null: expected 'power_null', a measure of 'C0' as well, found 'chance'",
        ),
        (
            (_POWER._replace(null="power_null"), Output("C0", "power_null", "dB")),
            "outputs[0].null: expected 'power_null' in 'µV²' as 'power', found it in 'dB'",
        ),
    ],
)
def test_what_is_not_whole_is_named(outputs: Any, text: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 the text is looked at
        require_outputs(outputs)
    assert str(raised.value).startswith(text)


def test_measures_are_put_together_channel_by_channel() -> None:
    measures = (*with_null("coherence", ""), Measure("lag", "s", signed=True))
    outputs = outputs_of(("a-b", "a-c"), measures)
    require_outputs(outputs)
    assert [each.label for each in outputs[2:5]] == [
        "a-b.lag",
        "a-c.coherence",
        "a-c.coherence_null",
    ]
    assert outputs[3].null == outputs[4].measure
    assert column_of(outputs, "a-c", "lag") == 5
    with pytest.raises(KeyError):
        column_of(outputs, "a", "lag")


def test_the_sole_measure_is_one_of_every_channel_in_order() -> None:
    outputs = outputs_of(("C0", "C1"), (Measure("power", "µV²"),))
    assert sole_measure(outputs, ("C0", "C1")) == outputs[0]
    assert sole_measure(outputs, ("C1", "C0")) is None
    assert sole_measure(outputs[:1], ("C0", "C1")) is None
    assert sole_measure((*outputs, outputs[0]._replace(measure="x")), ("C0", "C1")) is None


def test_our_own_units_are_few_and_known() -> None:
    used = {
        output.unit
        for examples in EXAMPLES.values()
        for example in examples
        for output in list(example.chain().detectors.values())[-1].outputs
    }
    assert used <= set(UNITS)
    assert {"", "µV", "µV²", "dB", "rad", "s"} <= used
