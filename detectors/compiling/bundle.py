"""Arrays and numbers handed to a kernel by name: one array of addresses stands for all of them."""

from collections.abc import Iterator
from typing import Any, Generic, TypeVar, cast

import numpy as np

from detectors.compiling.layout import Field, fields_of, tag_of

_Fields = TypeVar("_Fields", bound=tuple[Any, ...])


class Bundle(Generic[_Fields]):
    """Keeps the arrays of a named tuple alive, and the one array that stands for them in a call.

    Handing an array to compiled code costs 50 ns, a named tuple of arrays twice as much for each.
    Here a call costs that of one array whatever the number: ``addresses`` says where the others
    are and how long, and in the kernel `opened` makes the named tuple of it, at no cost.

    Parameters
    ----------
    fields : named tuple
        Its class says of every field what it is: ``Array2[np.float64]``, a subclass of `Record`, or
        a class like itself.

    Attributes
    ----------
    fields : named tuple
        The one that was given: its arrays are those that the kernel sees.
    addresses : ndarray of int64
        What is handed to the kernel. Valid as long as the bundle is.

    Raises
    ------
    TypeError
        Where a field is not what the class says; the text names it.
    """

    __slots__ = ("_layout", "addresses", "fields")

    def __init__(self, fields: _Fields) -> None:
        self.fields = fields
        self._layout = fields_of(type(fields))  # once: it takes long
        numbers = [tag_of(type(fields)), *_numbers(fields, self._layout)]
        self.addresses = np.array(numbers, dtype=np.int64)

    def replace(self, **changed: Any) -> None:  # noqa: ANN401 whatever a field may be
        """Put other arrays in the place of some; from the next call on the kernel sees those."""
        fields = cast("Any", self.fields)._replace(**changed)
        start = 1
        for field in self._layout:
            stop = start + field.n_numbers
            if field.name in changed:
                value = changed[field.name]
                where = f"{type(fields).__qualname__}.{field.name}"
                self.addresses[start:stop] = list(_of_field(value, field, where))
            start = stop
        self.fields = cast("_Fields", fields)


def _numbers(fields: tuple[Any, ...], layout: tuple[Field, ...]) -> Iterator[int]:
    """Yield where each array is and how long, in the order of the fields."""
    for field, value in zip(layout, fields, strict=True):
        yield from _of_field(value, field, f"{type(fields).__qualname__}.{field.name}")


def _of_field(value: Any, field: Field, where: str) -> Iterator[int]:  # noqa: ANN401 any field
    if field.n_dims >= 0:
        yield from _of_array(value, field, where)
    elif not isinstance(value, field.kind):
        raise TypeError(
            f"{where}: expected {field.kind.__qualname__}, found {type(value).__qualname__}"
        )
    elif field.fields:
        yield from _numbers(value, field.fields)
    else:
        yield value.array.__array_interface__["data"][0]


def _of_array(value: Any, field: Field, where: str) -> Iterator[int]:  # noqa: ANN401 any field
    is_array = isinstance(value, np.ndarray)
    if not (
        is_array
        and value.dtype == np.dtype(field.kind)
        and value.ndim == field.n_dims
        and value.flags.carray
    ):
        found = f"{value.dtype} with {value.ndim}" if is_array else f"{type(value).__name__}"
        raise TypeError(
            f"{where}: expected a writable C-contiguous array of {np.dtype(field.kind)} with "
            f"{field.n_dims} dimensions, found {found}"
        )
    yield value.__array_interface__["data"][0]
    yield from value.shape
