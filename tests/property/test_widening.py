"""A float32 comparison and the double comparison that stands for it accept the same doubles."""

from __future__ import annotations

import math

from hypothesis import example, given
from hypothesis import strategies as st

from procgen.ir.domain import neighbours
from procgen.ir.expressions import Comparison, Threshold
from procgen.ir.interpreter import passes, to_float32
from procgen.ir.types import DType
from procgen.passes.widen_float32_splits import widen

NUMBERS = st.floats(allow_nan=False)
CLOSE_TO_FLOAT32 = st.floats(width=32, allow_nan=False).flatmap(
    lambda value: st.sampled_from(neighbours(value, DType.FLOAT64))
)


def meets_beside(value: float) -> list[float]:
    """The value, the float32 around it, and what lies between them, each with neighbours."""
    middle = to_float32(value)
    if math.isinf(middle):
        points = [middle, 3.4028235677973366e38, -3.4028235677973366e38, 3.4028234663852886e38]
    else:
        step = math.ldexp(1.0, max(math.frexp(middle)[1] - 24, -149))
        points = [middle, middle - step, middle + step, middle - step / 2, middle + step / 2]
        points += [middle - step / 4, middle + step / 4]
    return [near for point in [value, *points] for near in neighbours(point, DType.FLOAT64)]


@given(NUMBERS | CLOSE_TO_FLOAT32, st.sampled_from(Comparison), st.lists(NUMBERS, max_size=5))
@example(math.inf, Comparison.LE, [])
@example(-math.inf, Comparison.LT, [])
@example(3.4028234663852886e38, Comparison.LE, [])
@example(5e-324, Comparison.LT, [])
def test_the_double_comparison_accepts_the_same(bound, op, others):
    narrow = Threshold(op, bound, DType.FLOAT32)
    (wide,) = widen([narrow])
    assert wide.precision is DType.FLOAT64
    for value in [*meets_beside(bound), *others, 0.0, -0.0, math.inf, -math.inf]:
        assert passes(wide, value) is passes(narrow, value), (narrow, wide, value)
