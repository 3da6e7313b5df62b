"""Arrays and numbers handed to a kernel by name: one array of addresses stands for all of them."""

import hashlib
from collections.abc import Callable, Iterator
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Generic,
    NamedTuple,
    TypeAlias,
    TypeVar,
    cast,
    get_args,
    get_type_hints,
)

import numpy as np
from numpy.typing import NDArray

_Scalar = TypeVar("_Scalar", bound=np.generic)
_Fields = TypeVar("_Fields", bound=tuple[Any, ...])

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


class _Field(NamedTuple):
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
        self._layout = _fields_of(type(fields))  # once: it takes long
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
        for each in _fields_of(kind)
    ]
    return f"{kind.__qualname__}({', '.join(parts)})"


def tag_of(kind: type) -> int:
    """Return the number that the addresses of a bundle of this class begin with."""
    digest = hashlib.sha256(layout_of(kind).encode()).digest()
    return int.from_bytes(digest[:8], "little", signed=True)


def _fields_of(kind: type) -> tuple[_Field, ...]:
    hints = get_type_hints(kind, include_extras=True)
    found = []
    for name in getattr(kind, "_fields", ()):
        hint = hints[name]
        if hasattr(hint, "__metadata__"):
            # An annotated ndarray of a shape and a dtype, which in turn is of a scalar.
            scalar = get_args(get_args(hint.__origin__)[1])[0]
            found.append(_Field(name, scalar, hint.__metadata__[0]))
        elif isinstance(hint, type) and issubclass(hint, Record):
            found.append(_Field(name, hint, -1))
        elif hasattr(hint, "_fields"):
            found.append(_Field(name, hint, -1, _fields_of(hint)))
        else:
            raise TypeError(
                f"{kind.__qualname__}.{name}: expected an array of known dimensions, a record or "
                f"a bundle, found {hint}"
            )
    return tuple(found)


def _numbers(fields: tuple[Any, ...], layout: tuple[_Field, ...]) -> Iterator[int]:
    """Yield where each array is and how long, in the order of the fields."""
    for field, value in zip(layout, fields, strict=True):
        yield from _of_field(value, field, f"{type(fields).__qualname__}.{field.name}")


def _of_field(value: Any, field: _Field, where: str) -> Iterator[int]:  # noqa: ANN401 any field
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


def _of_array(value: Any, field: _Field, where: str) -> Iterator[int]:  # noqa: ANN401 any field
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


if TYPE_CHECKING:

    def opened(kind: type[_Fields], addresses: NDArray[np.int64]) -> _Fields:
        """Return the named tuple that a `Bundle` keeps."""

else:
    from llvmlite.ir import IRBuilder, Value
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic
    from numba.np.arrayobj import make_array, populate_array
    from numba.np.numpy_support import from_dtype

    @intrinsic
    def opened(
        _context: object, kind: types.Type, addresses: types.Type
    ) -> tuple[object, Callable[[object, IRBuilder, object, tuple[Value, ...]], Value]]:
        """Return the named tuple that a `Bundle` keeps; compiled code only.

        Parameters
        ----------
        kind : type
            The class of the named tuple.
        addresses : ndarray of int64, shape (n_numbers,)
            `Bundle.addresses`.

        Raises
        ------
        TypeError
            Where they are those of another class.
        """
        made = _numba_type(kind.instance_class)
        tag = tag_of(kind.instance_class)

        def generate(
            target: Any,  # noqa: ANN401 numba's have no types
            builder: IRBuilder,
            signature: Any,  # noqa: ANN401
            given: tuple[Value, ...],
        ) -> Value:
            numbers = make_array(signature.args[1])(target, builder, given[1]).data
            found = builder.load(numbers)
            with cgutils.if_unlikely(builder, builder.icmp_signed("!=", found, found.type(tag))):
                text = "expected the addresses of another bundle"
                target.call_conv.return_user_exc(builder, TypeError, (text,))
            values = iter(_loads(builder, numbers))
            return _built(target, builder, made, values)

        return made(kind, addresses), generate

    def _numba_type(kind: type) -> types.Type:
        if issubclass(kind, Record):
            return from_dtype(kind.dtype)
        return types.NamedTuple(
            [
                types.Array(from_dtype(np.dtype(each.kind)), each.n_dims, "C")
                if each.n_dims >= 0
                else _numba_type(each.kind)
                for each in _fields_of(kind)
            ],
            kind,
        )

    def _loads(builder: IRBuilder, numbers: Value) -> Iterator[Value]:
        """Yield the numbers behind the tag, one after the other."""
        at = 0
        while True:
            at += 1
            yield builder.load(cgutils.gep_inbounds(builder, numbers, at))

    def _built(
        target: Any,  # noqa: ANN401 numba's have no types
        builder: IRBuilder,
        kind: types.Type,
        values: Iterator[Value],
    ) -> Value:
        if isinstance(kind, types.NamedTuple):
            parts = [_built(target, builder, each, values) for each in kind.types]
            return target.make_tuple(builder, kind, parts)
        if isinstance(kind, types.Record):
            return builder.inttoptr(next(values), target.get_value_type(kind))
        array = make_array(kind)(target, builder)
        data = builder.inttoptr(next(values), array.data.type)
        shape = [next(values) for _ in range(kind.ndim)]
        itemsize = target.get_abi_sizeof(target.get_data_type(kind.dtype))
        strides = [shape[0].type(itemsize)] if shape else []
        for size in reversed(shape[1:]):
            strides.insert(0, builder.mul(strides[0], size))
        populate_array(array, data, shape, strides, itemsize, None)
        return array._getvalue()  # noqa: SLF001 no other way
