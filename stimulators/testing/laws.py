"""The laws that every policy keeps, each tested on an example by hypothesis."""

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from stimulators.targets import DeviceChange
from stimulators.testing.policy_example import DEVICES, Hop, PolicyExample, examples_of

Law: TypeAlias = Callable[[PolicyExample, int], None]

_CHANGES: Final = st.lists(
    st.tuples(st.sampled_from(get_args(DeviceChange)), st.sampled_from([0.0, 0.3, 1.0])),
    max_size=2,
).map(tuple)


@st.composite
def _stretches(draw: st.DrawFn) -> list[Hop]:
    """Draw stretches of hops that are on or off, valid or not, with events of devices between."""
    hops: list[Hop] = []
    for _ in range(draw(st.integers(1, 8))):
        first = Hop(draw(st.booleans()), draw(st.integers(0, 5)) > 0, draw(_CHANGES))
        hops += [first, *[first._replace(changes=())] * draw(st.integers(0, 30))]
    return hops


_HOPS: Final = _stretches()
_DRIVEN: Final = Hop(is_on=False, changes=(("engaged", 0.3),))
#: Off, on and off again for a second each, while driven; and on once more after a pause.
SHOWN: Final[tuple[Hop, ...]] = (
    *([_DRIVEN] + [Hop(is_on=False)] * 50 + [Hop(is_on=True)] * 50 + [Hop(is_on=False)] * 50),
    Hop(is_on=False, changes=(("paused", 0.3),)),
    *([Hop(is_on=False, changes=(("resumed", 0.3),))] + [Hop(is_on=True)] * 50),
)


def shows_what_it_is_for(example: PolicyExample, n_examples: int) -> None:  # noqa: ARG001
    """Check that the example gives targets for each device, else the other laws test nothing."""
    wanted = {(each.device, each.kind) for each in example.run(SHOWN)}
    expected = {(clip.device, clip.kind) for clip in example.build().clips}
    assert wanted == expected, f"expected targets of {expected}, found {wanted}"  # noqa: S101


def is_the_same_in_any_chunks(example: PolicyExample, n_examples: int) -> None:
    """Check that targets depend on hops and bound events alone, not on chunks."""

    @given(hops=_HOPS, cuts=st.lists(st.integers(1, 250), max_size=12))
    def law(hops: list[Hop], cuts: list[int]) -> None:
        _same(example.run(hops, cuts=cuts), example.run(hops))
        _same(example.run(hops, cuts=range(len(hops))), example.run(hops))

    _check(law, n_examples)


def does_not_know_the_future(example: PolicyExample, n_examples: int) -> None:
    """Check that later hops change no earlier target."""

    @given(hops=_HOPS, n_hops=st.integers(0, 250), other=_HOPS)
    def law(hops: list[Hop], n_hops: int, other: list[Hop]) -> None:
        known = example.run(hops[:n_hops])
        _same(example.run([*hops[:n_hops], *other])[: len(known)], known)

    _check(law, n_examples)


def begins_anew_at_a_reset(example: PolicyExample, n_examples: int) -> None:
    """Check that a policy after a reset is as a new one."""

    @given(before=_HOPS, hops=_HOPS)
    def law(before: list[Hop], hops: list[Hop]) -> None:
        policy = example.build()
        example.run(before, policy=example.bound(policy))
        policy.reset()
        _same(example.run(hops, policy=example.bound(policy)), example.run(hops))

    _check(law, n_examples)


def shares_nothing(example: PolicyExample, n_examples: int) -> None:
    """Check that two policies of one configuration share no state."""

    @given(hops=_HOPS, other=_HOPS)
    def law(hops: list[Hop], other: list[Hop]) -> None:
        policy, neighbour = example.build(), example.build()
        expected = example.run(hops)
        example.run(other, policy=example.bound(neighbour))
        _same(example.run(hops, policy=example.bound(policy)), expected)

    _check(law, n_examples)


def reads_nothing_of_invalid_values(example: PolicyExample, n_examples: int) -> None:
    """Check that the values of a hop that is not valid have no effect."""
    values = st.sampled_from([math.nan, math.inf, -math.inf, 1e300, -1.0])

    @given(hops=_HOPS, value=values)
    def law(hops: list[Hop], value: float) -> None:
        _same(example.run(hops, invalid=value), example.run(hops))

    _check(law, n_examples)


def wants_what_it_may(example: PolicyExample, n_examples: int) -> None:
    """Check that every target is finite, in its clip and in a program, whatever the measures."""
    levels = st.sampled_from([1.0, 0.0, -1.0, 1e-300, 1e300, -1e300, 7.5])

    @given(hops=_HOPS, level=levels)
    def law(hops: list[Hop], level: float) -> None:
        for target in example.run(hops, level=level):
            programs = DEVICES[target.device].programs
            assert target.program in (programs or {""}), target  # noqa: S101
            numbers = (target.amount, target.onset_s, target.fire_at_s or 0.0)
            assert all(map(math.isfinite, numbers)), target  # noqa: S101

    _check(law, n_examples)


LAWS: Final[tuple[Law, ...]] = (
    shows_what_it_is_for,
    is_the_same_in_any_chunks,
    does_not_know_the_future,
    begins_anew_at_a_reset,
    shares_nothing,
    reads_nothing_of_invalid_values,
    wants_what_it_may,
)


class HeldLaw(NamedTuple):
    """One law on one example of a policy.

    Examples
    --------
    >>> from stimulators.policies.threshold import Threshold
    >>> law = laws_of(Threshold)[0]
    >>> print(law)
    Threshold: step: shows_what_it_is_for
    >>> law.hold()
    """

    example: PolicyExample
    law: Law

    def hold(self, n_examples: int = 50) -> None:
        """Test the law on `n_examples` sequences of hops.

        Raises
        ------
        AssertionError
            Where it does not hold; hypothesis shows the shortest sequence that breaks it.
        """
        self.law(self.example, n_examples)

    def __str__(self) -> str:
        return f"{self.example.name}: {self.law.__name__}"


def laws_of(policy: type[Any]) -> tuple[HeldLaw, ...]:
    """Return every law on every example of a policy's class.

    Parameters
    ----------
    policy : type
        A class as `stimulators.policies.policy.Policy` says, with `examples`.

    Raises
    ------
    AssertionError
        Where the class has no examples: the laws would test nothing.

    Examples
    --------
    >>> from stimulators.policies.threshold import Threshold
    >>> for law in laws_of(Threshold):
    ...     law.hold(n_examples=1)
    """
    return tuple(HeldLaw(example, law) for example in examples_of(policy) for law in LAWS)


def _check(law: Callable[..., None], n_examples: int) -> None:
    settings(max_examples=n_examples, deadline=None)(law)()


def _same(found: object, expected: object) -> None:
    assert found == expected, f"expected {expected}, found {found}"  # noqa: S101 what a law says
