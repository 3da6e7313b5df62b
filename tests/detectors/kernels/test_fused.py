"""`fused` multiplies and adds with one rounding, on any machine."""

from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from detectors.compiling.kernel import kernel
from detectors.kernels.fused import fused

_numbers = st.floats(-1e100, 1e100).filter(lambda value: value == 0.0 or abs(value) > 1e-100)


@kernel
def _call(x: float, y: float, to: float) -> float:
    return fused(x, y, to)


@given(_numbers, _numbers, _numbers)
@example(1.0 + 2.0**-30, 1.0 - 2.0**-30, -1.0)  # 0 where the product is rounded by itself
def test_a_product_and_a_sum_are_rounded_once(x: float, y: float, to: float) -> None:
    made = _call(x, y, to)
    assert made == float(Fraction(x) * Fraction(y) + Fraction(to))
