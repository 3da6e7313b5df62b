"""A product added to a number with one rounding."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:

    def fused(x: float, y: float, to: float) -> float:
        """Return ``x * y + to``, rounded once."""

else:
    from llvmlite.ir import IRBuilder, Value
    from numba import types
    from numba.extending import intrinsic

    @intrinsic
    def fused(
        _context: object, x: types.Type, y: types.Type, to: types.Type
    ) -> tuple[object, Callable[[object, IRBuilder, object, tuple[Value, ...]], Value]]:
        """Return ``x * y + to``, rounded once (IEEE 754-2008, fusedMultiplyAdd).

        Compiled code only. One instruction where the processor has it, as nearly all have since
        2013; where it has none the C library gives the same bits, more slowly.
        """

        def generate(
            _target: object, builder: IRBuilder, _signature: object, given: tuple[Value, ...]
        ) -> Value:
            return builder.fma(*given)

        return types.float64(x, y, to), generate
