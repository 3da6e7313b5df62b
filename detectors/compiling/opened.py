"""The other end of a bundle: its named tuple, in compiled code."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from detectors.compiling.layout import Record, fields_of, tag_of

_Fields = TypeVar("_Fields", bound=tuple[Any, ...])

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
                for each in fields_of(kind)
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
