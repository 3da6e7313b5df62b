"""All laws of a detector with what they are tried on, one after the other."""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.testing import laws
from detectors.testing.examples import brought_examples
from detectors.testing.strategies import (
    CUTS,
    N_SAMPLES,
    WINDOW_TAINTS,
    drawn_samples,
    flawless_samples,
)
from detectors.testing.subject import Example, StreamSamples, stream_samples

Trial: TypeAlias = Callable[[Example, st.DataObject], None]
Check: TypeAlias = Callable[[Example, int], None]

_NO_VOLTAGES: Final = (float("nan"), float("inf"), float("-inf"), 1e300, -2e12)
_BAD_SAMPLES: Final = (0, 50, 333)
_CONSTANTS_UV: Final = (0.0, 5.0, -1e9, 1e9)


class Law(NamedTuple):
    """One law.

    Parameters
    ----------
    name : str
        What holds.
    check : callable
        Given an example, and how many times as far as usual to search, raises AssertionError where
        it does not hold.
    applies : callable
        Given an example, whether it says enough for the law to be tried.
    """

    name: str
    check: Check
    applies: Callable[[Example], bool] = lambda _: True


class HeldLaw(NamedTuple):
    """One law, to be tested on one example of a detector.

    Examples
    --------
    >>> from detectors.power.band_power import BandPower, BandPowerConfig
    >>> from detectors.testing import LAYOUT
    >>> config = BandPowerConfig(id="beta", stream="LFP", band_hz=(13.0, 30.0), window_s=0.4)
    >>> law = laws_of(BandPower, [Example("beta", [config], LAYOUT, 100, naive=None)])[0]
    >>> print(law)
    an example shows what it is for (beta)
    >>> law.hold()
    """

    law: Law
    example: Example

    def hold(self, times: int = 1) -> None:
        """Raise AssertionError where the example does not keep the law.

        Parameters
        ----------
        times : int
            Factor by which what breaks it is searched for longer.
        """
        self.law.check(self.example, times)

    def __str__(self) -> str:
        return f"{self.law.name} ({self.example.name})"


def laws_of(detector: type[Any], examples: Iterable[Example] = ()) -> list[HeldLaw]:
    """Return every law on every example of a detector.

    Parameters
    ----------
    detector : type
        Its class, installed as a detector.
    examples : iterable of Example
        Examples to use instead of the class's own.

    Raises
    ------
    ValueError
        Where there is no example, or the class is not installed as a detector.

    Examples
    --------
    >>> from detectors.power.band_power import BandPower, BandPowerConfig
    >>> from detectors.testing import LAYOUT
    >>> config = BandPowerConfig(id="beta", stream="LFP", band_hz=(13.0, 30.0), window_s=0.4)
    >>> laws = laws_of(BandPower, [Example("beta", [config], LAYOUT, 100, naive=None)])
    >>> {law.example.name for law in laws}
    {'beta'}
    """
    used = tuple(examples) or brought_examples(detector)
    if not used:
        raise ValueError(
            f"{detector.__name__}.examples: expected configurations to hold the laws on, found none"
        )
    return [HeldLaw(law, example) for example in used for law in LAWS if law.applies(example)]


def _drawn(trial: Trial, n_trials: int = 12) -> Check:
    """Return a check that tries a number of draws."""

    def check(example: Example, times: int) -> None:
        @settings(max_examples=times * n_trials, deadline=None)
        @given(data=st.data())
        def tried(data: st.DataObject) -> None:
            trial(example, data)

        tried()

    return check


def _on_plain(check: Callable[[Example, StreamSamples], None]) -> Check:
    return lambda example, _times: check(example, flawless_samples(example))


def _chunks(example: Example, data: st.DataObject) -> None:
    laws.check_chunks_do_not_show(example, data.draw(drawn_samples(example)), data.draw(CUTS))


def _future(example: Example, data: st.DataObject) -> None:
    made = data.draw(drawn_samples(example))
    laws.check_the_future_does_not_show(example, made, data.draw(st.integers(0, made.n_samples)))


def _reset(example: Example, data: st.DataObject) -> None:
    laws.check_reset_is_construction(example, data.draw(drawn_samples(example)), data.draw(CUTS))


def _restart(example: Example, times: int) -> None:
    made = stream_samples(example.layout, 1, N_SAMPLES, (N_SAMPLES // 2,))
    laws.check_a_restart_is_seen(example, made)
    _drawn(_any_restart)(example, times)


def _any_restart(example: Example, data: st.DataObject) -> None:
    laws.check_restart_begins_anew(example, data.draw(drawn_samples(example)))


def _taint(example: Example, data: st.DataObject) -> None:
    laws.check_taint_spoils_its_window_and_no_more(
        example,
        flawless_samples(example, data.draw(st.integers(0, 100))),
        data.draw(st.integers(0, N_SAMPLES - 1)),
        data.draw(st.integers(0, len(example.layout.channels) - 1)),
        data.draw(st.sampled_from(WINDOW_TAINTS)),
    )


def _stamp(example: Example, data: st.DataObject) -> None:
    sample = data.draw(st.integers(0, N_SAMPLES - 1))
    laws.check_doubtful_stamp_spoils_one_estimate(example, flawless_samples(example), sample)


def _bad_value(value: float, sample: int) -> Check:
    return lambda example, _times: laws.check_bad_values_stay_in_their_window(
        example, flawless_samples(example), sample, 1, value
    )


def _finite(example: Example, data: st.DataObject) -> None:
    made = data.draw(drawn_samples(example))
    laws.check_values_are_finite_and_zero_where_invalid(example, made)


def _outputs(example: Example, times: int) -> None:
    laws.check_outputs_are_told(example, flawless_samples(example))
    _drawn(_signs)(example, times)


def _signs(example: Example, data: st.DataObject) -> None:
    laws.check_signs_are_told(example, data.draw(drawn_samples(example)))


def _naive(example: Example, data: st.DataObject) -> None:
    laws.check_equals_naive(example, data.draw(drawn_samples(example)))


def _dead(constant_uv: float) -> Check:
    return lambda example, _times: laws.check_nothing_happens_on(example, constant_uv, N_SAMPLES)


#: Every law, in the order in which it is worth looking at them.
LAWS: Final = (
    Law("an example shows what it is for", _on_plain(laws.check_the_example_shows_something)),
    Law("every output is told", _outputs),
    Law("the delay is declared", lambda example, _times: laws.check_delay_is_declared(example)),
    Law("chunks do not show", _drawn(_chunks)),
    Law("the future does not show", _drawn(_future)),
    Law("input is left alone", _on_plain(laws.check_input_is_left_alone)),
    Law("output is never touched again", _on_plain(laws.check_output_is_never_touched_again)),
    Law("reset is construction", _drawn(_reset)),
    Law("a restart begins anew", _restart),
    Law("taint spoils its window and no more", _drawn(_taint)),
    Law("a doubtful stamp spoils one estimate", _drawn(_stamp)),
    *(
        Law(f"bad values stay in their window: {value:g} at {sample}", _bad_value(value, sample))
        for value in _NO_VOLTAGES
        for sample in _BAD_SAMPLES
    ),
    Law("values are finite, and zero where invalid", _drawn(_finite)),
    Law("it equals the plain computation", _drawn(_naive, 8), lambda each: each.naive is not None),
    *(
        Law(f"nothing happens on a dead channel: {constant_uv:g} µV", _dead(constant_uv))
        for constant_uv in _CONSTANTS_UV
    ),
    Law(
        "nothing compiles after the second call",
        _on_plain(laws.check_nothing_compiles_after_the_second_call),
    ),
)
