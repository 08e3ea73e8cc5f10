"""Scalar expressions: a closed union, matched exhaustively by every pass and back-end."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from procgen.ir.types import DType, Scalar


class UnaryOp(enum.StrEnum):
    """An operation on one value; a missing operand gives a missing result.

    TRUNCATE drops what follows the decimal point; an infinite operand stays as it is.
    """

    NEGATE = "negate"
    ABSOLUTE = "absolute"
    TRUNCATE = "truncate"
    TO_FLOAT64 = "to_float64"


class BinaryOp(enum.StrEnum):
    """IEEE 754 double arithmetic; a missing operand gives a missing result."""

    ADD = "add"
    SUBTRACT = "subtract"
    MULTIPLY = "multiply"
    DIVIDE = "divide"


class Function(enum.StrEnum):
    """A named function; a missing argument gives a missing result.

    EXP, EXPIT and the element-wise EXPIT_EACH follow the C library; SOFTPLUS is `log1p(exp(x))`, to
    a few units in the last place, because databases have no log1p; SOFTMAX subtracts the
    largest value first, as `sklearn.utils.extmath.softmax` does; NORMALIZE divides a list by its
    sum, or gives equal shares where the sum is 0 (one-vs-rest probabilities); ARGMAX gives the
    lowest index among equals. SQRT, the logarithms, EXPM1 and NUMPY_EXP have NumPy's bits, and NaN
    where NumPy gives NaN; NORMAL_QUANTILE is the inverse of the normal distribution function.
    EXP2 is 2 to a power from -1000 to 1000. WEIGHTED_MEDIAN takes a list of values followed by as
    many weights: of the values in rising order, the first at which half of the weight is reached.
    SOFTMAX_OF_LOGS is a softmax for which Python subtracts the logarithm of the sum instead of
    dividing by it, so that as much is rounded away as the logarithms are large.
    WEIGHTED_SUM_FLOAT32 takes a list of a start and then of numbers and their weights by turns; it
    rounds each number, each product and, in this order, each sum to float32.
    Names that end in FLOAT32: doubles that are float32 numbers, rounded to float32 after every
    operation, as XGBoost computes (float32.py).
    """

    EXP = "exp"
    EXPIT = "expit"
    EXPIT_EACH = "expit_each"
    SOFTPLUS = "softplus"
    SOFTMAX = "softmax"
    EXP_FLOAT32 = "exp_float32"
    EXPIT_FLOAT32 = "expit_float32"
    SOFTMAX_FLOAT32 = "softmax_float32"
    WEIGHTED_SUM_FLOAT32 = "weighted_sum_float32"
    NORMALIZE = "normalize"
    ARGMAX = "argmax"
    SQRT = "sqrt"
    LOG = "log"
    LOG1P = "log1p"
    LOG2 = "log2"
    LOG10 = "log10"
    EXPM1 = "expm1"
    NUMPY_EXP = "numpy_exp"
    NORMAL_QUANTILE = "normal_quantile"
    EXP2 = "exp2"
    WEIGHTED_MEDIAN = "weighted_median"
    SOFTMAX_OF_LOGS = "softmax_of_logs"


class Comparison(enum.StrEnum):
    """How a threshold compares: the subject stands on the left."""

    LE = "le"
    LT = "lt"


@dataclass(frozen=True, slots=True)
class Threshold:
    """`subject <= value` or `subject < value`, after rounding the subject to `precision`.

    FLOAT32 rounds the subject to the nearest float32 first; `value` stays a double. INT64 compares
    integers. An infinite `value` is meant as it stands.
    """

    op: Comparison
    value: float | int
    precision: DType = DType.FLOAT64


@dataclass(frozen=True, slots=True)
class Membership:
    """`subject` equals one of `categories`, which are never missing themselves."""

    categories: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Interval:
    """`low <= subject <= high`."""

    low: float | int
    high: float | int


@dataclass(frozen=True, slots=True)
class Present:
    """Any value that is not missing."""


Test = Threshold | Membership


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal; the value None is a missing value of the type."""

    value: Scalar
    dtype: DType


@dataclass(frozen=True, slots=True)
class Column:
    """An input, as the row holds it."""

    name: str


@dataclass(frozen=True, slots=True)
class Reference:
    """The value of an earlier binding."""

    name: str


@dataclass(frozen=True, slots=True)
class Unary:
    """One operation on one value."""

    op: UnaryOp
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary:
    """One operation on two doubles."""

    op: BinaryOp
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Sum:
    """`((t0 + t1) + t2) + ...` in this order, because float addition does not associate."""

    terms: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Fill:
    """`operand`, or `value` where the operand is missing."""

    operand: Expr
    value: Constant


@dataclass(frozen=True, slots=True)
class Branch:
    """`then` where the test holds, `otherwise` where it does not, `missing` without a subject."""

    subject: Expr
    test: Test
    then: Expr
    otherwise: Expr
    missing: Expr


@dataclass(frozen=True, slots=True)
class Case:
    """One line of a Match: where the subject equals `category`, the answer is `result`."""

    category: Scalar
    result: Constant


@dataclass(frozen=True, slots=True)
class Match:
    """The result of the case whose category equals the subject: an encoder as a table."""

    subject: Expr
    cases: tuple[Case, ...]
    otherwise: Constant
    missing: Constant


@dataclass(frozen=True, slots=True)
class Choose:
    """The option at a zero-based index; a missing index gives a missing result."""

    index: Expr
    options: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A named function of values or of one list."""

    function: Function
    argument: Expr


@dataclass(frozen=True, slots=True)
class Vector:
    """A list of values; it is missing as a whole where the row is refused."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Element:
    """One value of a list, counted from zero."""

    vector: Expr
    index: int


Expr = (
    Constant
    | Column
    | Reference
    | Unary
    | Binary
    | Sum
    | Fill
    | Branch
    | Match
    | Choose
    | Call
    | Vector
    | Element
)


def number(value: float) -> Constant:
    """A double literal."""
    return Constant(float(value), DType.FLOAT64)
