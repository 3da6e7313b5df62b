"""A bundle passes arrays to a kernel by name: the right ones, and none that is gone."""

import gc
from typing import Any, NamedTuple

import numpy as np
import pytest

from detectors.compiling.bundle import Bundle
from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Array2, Array3, Record, layout_of
from detectors.compiling.opened import opened


class Counters(Record):
    """A record with a number of each kind."""

    n_calls: int
    gain: float
    is_on: bool


class Inner(NamedTuple):
    """A bundle inside another one."""

    weights: Array1[np.float64]
    flags: Array1[np.bool_]


class State(NamedTuple):
    """The state that the kernel below expects."""

    table: Array2[np.float64]
    inner: Inner
    counters: Counters
    cube: Array3[np.int64]
    taint: Array1[np.uint16]


class Other(NamedTuple):
    """A state that the kernel does not expect."""

    table: Array2[np.float64]


@kernel
def _scaled(state: State, row: int) -> float:
    state.table[row] *= state.counters.gain
    total: float = state.table[row].sum() + state.inner.weights.sum()
    return total


@kernel
def update(row: int, addresses: Any) -> float:
    state = opened(State, addresses)
    state.counters.n_calls += 1
    state.counters.is_on = not state.counters.is_on
    state.cube[1, 2, 3] = state.cube.size
    state.taint[:] = 7
    state.inner.flags[-1] = True
    return _scaled(state, row)


@kernel
def is_known(addresses: Any) -> int:
    n_rows: int = opened(State, addresses).table.shape[0]
    return n_rows


#: What a type checker would refuse.
_FLOATS: Any = np.zeros(2)


def _inner() -> Inner:
    return Inner(np.ones(4), np.zeros(2, dtype=np.bool_))


def _state(**changed: Any) -> State:
    made = State(
        np.arange(6.0).reshape(2, 3),
        _inner(),
        Counters(gain=2.0),
        np.zeros((2, 3, 4), dtype=np.int64),
        np.zeros(3, dtype=np.uint16),
    )
    return made._replace(**changed)


def test_a_kernel_reads_and_writes_the_very_arrays_by_name() -> None:
    state = _state()
    bundle = Bundle(state)
    assert update(1, bundle.addresses) == 2.0 * (3.0 + 4.0 + 5.0) + 4.0
    assert state.table.tolist() == [[0.0, 1.0, 2.0], [6.0, 8.0, 10.0]]
    assert state.cube[1, 2, 3] == 24
    assert np.count_nonzero(state.cube) == 1
    assert state.taint.tolist() == [7, 7, 7]
    assert state.inner.flags.tolist() == [False, True]
    assert state.counters.array.tolist() == (1, 2.0, True)


def test_a_view_of_a_number_shows_what_a_kernel_wrote() -> None:
    bundle = Bundle(_state())
    n_calls = bundle.fields.counters.view("n_calls")
    for number in range(3):
        assert n_calls.item() == number
        update(0, bundle.addresses)


def test_arrays_live_as_long_as_their_addresses_do() -> None:
    bundle = Bundle(_state(table=np.full((500, 300), 1.0)))  # large: given back to the system
    gc.collect()
    assert update(499, bundle.addresses) == 2.0 * 300.0 + 4.0
    assert sum(map(float, bundle.fields.table[499])) == 600.0


def test_what_a_bundle_keeps_cannot_be_moved() -> None:
    bundle = Bundle(_state())
    with pytest.raises(ValueError, match="resize"):
        bundle.fields.table.resize((200_000, 3))
    with pytest.raises(AttributeError):
        bundle.fields.table = np.zeros((1, 1))  # type: ignore[misc]


def test_an_array_that_is_replaced_is_the_one_that_the_kernel_sees() -> None:
    bundle = Bundle(_state())
    before = bundle.fields.table
    bundle.replace(table=np.full((7, 2), 3.0), inner=Inner(np.ones(1), np.zeros(5, np.bool_)))
    gc.collect()
    assert is_known(bundle.addresses) == 7
    assert update(6, bundle.addresses) == 13.0
    assert before.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    assert bundle.fields.inner.flags.tolist() == [False, False, False, False, True]
    assert bundle.addresses.tolist() == Bundle(bundle.fields).addresses.tolist()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"table": np.zeros((2, 3), np.float32)}, r"State\.table: .* found float32 with 2"),
        ({"table": np.zeros(3)}, r"State\.table: .* 2 dimensions, found float64 with 1"),
        ({"table": np.zeros((3, 4)).T}, r"State\.table: .* C-contiguous"),
        ({"table": np.zeros((3, 4))[:, ::2]}, r"State\.table: .* C-contiguous"),
        ({"taint": [1, 2]}, r"State\.taint: .* found list"),
        ({"taint": np.zeros(2, ">u2")}, r"State\.taint: .* found >u2"),
        ({"inner": Inner(np.ones(4), _FLOATS)}, r"Inner\.flags: .* bool .* found float64"),
        ({"counters": np.zeros(3)}, r"State\.counters: expected Counters, found ndarray"),
        ({"inner": Other(np.zeros((1, 1)))}, r"State\.inner: expected Inner, found Other"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Bundle(_state(**changed))
    with pytest.raises(TypeError, match=message):
        Bundle(_state()).replace(**changed)


def test_an_array_that_cannot_be_written_is_refused() -> None:
    table = np.zeros((2, 3))
    table.flags.writeable = False
    with pytest.raises(TypeError, match=r"State\.table: expected a writable"):
        Bundle(_state(table=table))


def test_addresses_of_another_bundle_are_refused() -> None:
    with pytest.raises(TypeError, match="another bundle"):
        is_known(Bundle(Other(np.zeros((1, 1)))).addresses)
    with pytest.raises(TypeError, match="another bundle"):
        is_known(np.zeros(40, dtype=np.int64))


def test_a_record_refuses_a_name_it_does_not_have() -> None:
    with pytest.raises(TypeError, match="Counters has no field n_hops"):
        Counters(n_hops=1)


def test_a_layout_tells_every_name_type_and_number_of_dimensions() -> None:
    layout = layout_of(State)
    for part in (
        "table: float64 2",
        "weights: float64 1",
        "flags: bool 1",
        "gain",
        "cube: int64 3",
    ):
        assert part in layout


def test_a_field_of_which_nothing_is_known_is_refused() -> None:
    class Wrong(NamedTuple):
        level: float

    with pytest.raises(TypeError, match=r"Wrong\.level: expected an array"):
        layout_of(Wrong)
