"""What the fields of a bundle may be: arrays, records of numbers, and bundles."""

import hashlib
from typing import (
    Annotated,
    Any,
    ClassVar,
    NamedTuple,
    TypeAlias,
    TypeVar,
    get_args,
    get_type_hints,
)

import numpy as np
from numpy.typing import NDArray

_Scalar = TypeVar("_Scalar", bound=np.generic)

#: Fields of a bundle: C-contiguous arrays of so many dimensions.
Array1: TypeAlias = Annotated[NDArray[_Scalar], 1]
Array2: TypeAlias = Annotated[NDArray[_Scalar], 2]
Array3: TypeAlias = Annotated[NDArray[_Scalar], 3]
Array4: TypeAlias = Annotated[NDArray[_Scalar], 4]
Array5: TypeAlias = Annotated[NDArray[_Scalar], 5]

#: What a number of a record is stored as.
_STORED_AS: dict[type, type[np.generic]] = {int: np.int64, float: np.float64, bool: np.bool_}


class Record:
    """Numbers by name, which a kernel reads and writes as attributes.

    A subclass annotates each with ``int``, ``float`` or ``bool`` and documents it there.

    Parameters
    ----------
    **values : int, float or bool
        What fields begin with; the others are zero.

    Raises
    ------
    TypeError
        Where a value is of no field.

    Examples
    --------
    >>> class Counters(Record):
    ...     position: int
    ...     since_hop: int
    >>> counters = Counters(position=3)
    >>> since_hop = counters.view("since_hop")
    >>> int(counters.view("position")), since_hop.item()
    (3, 0)
    """

    dtype: ClassVar[np.dtype[np.void]]

    def __init_subclass__(cls) -> None:
        fields = [(name, _STORED_AS[kind]) for name, kind in cls.__annotations__.items()]
        cls.dtype = np.dtype(fields, align=True)

    def __init__(self, **values: float) -> None:
        self.array = np.zeros((), dtype=self.dtype)
        unknown = values.keys() - set(self.dtype.names or ())
        if unknown:
            raise TypeError(f"{type(self).__name__} has no field {', '.join(sorted(unknown))}")
        for name, value in values.items():
            self.array[name] = value

    def view(self, name: str) -> NDArray[Any]:
        """Return one field as an array without dimensions, in which each change shows."""
        return self.array[name]


class Field(NamedTuple):
    """One field of a bundle: an array, a record, or a bundle within."""

    name: str
    kind: Any
    #: Dimensions of an array; -1 of all else.
    n_dims: int
    #: Of a bundle within.
    fields: tuple[Any, ...] = ()

    @property
    def n_numbers(self) -> int:
        """Addresses and lengths that stand for it."""
        return sum(each.n_numbers for each in self.fields) or 1 + max(0, self.n_dims)


def layout_of(kind: type) -> str:
    """Return all that compiled code knows of a bundle or a record: names, types, dimensions.

    Raises
    ------
    TypeError
        Where the class is neither.
    """
    if issubclass(kind, Record):
        return f"{kind.__qualname__} {kind.dtype.descr}"
    parts = [
        f"{each.name}: {layout_of(each.kind)}"
        if each.n_dims < 0
        else f"{each.name}: {np.dtype(each.kind)} {each.n_dims}"
        for each in fields_of(kind)
    ]
    return f"{kind.__qualname__}({', '.join(parts)})"


def tag_of(kind: type) -> int:
    """Return the number that the addresses of a bundle of this class begin with."""
    digest = hashlib.sha256(layout_of(kind).encode()).digest()
    return int.from_bytes(digest[:8], "little", signed=True)


def fields_of(kind: type) -> tuple[Field, ...]:
    """Return the fields of a bundle's class, by its annotations.

    Raises
    ------
    TypeError
        Where one is of another kind; the text names it.
    """
    hints = get_type_hints(kind, include_extras=True)
    found = []
    for name in getattr(kind, "_fields", ()):
        hint = hints[name]
        if hasattr(hint, "__metadata__"):
            # An annotated ndarray of a shape and a dtype, which in turn is of a scalar.
            scalar = get_args(get_args(hint.__origin__)[1])[0]
            found.append(Field(name, scalar, hint.__metadata__[0]))
        elif isinstance(hint, type) and issubclass(hint, Record):
            found.append(Field(name, hint, -1))
        elif hasattr(hint, "_fields"):
            found.append(Field(name, hint, -1, fields_of(hint)))
        else:
            raise TypeError(
                f"{kind.__qualname__}.{name}: expected an array of known dimensions, a record or "
                f"a bundle, found {hint}"
            )
    return tuple(found)
