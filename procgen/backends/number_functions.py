"""Functions of one double, spelled with what both engines have: ln, exp, sqrt and arithmetic.

Each is total: it gives what NumPy gives for every double, within a few units in the last place, and
raises for none. The argument `{0}` stands many times: an engine names it, or makes a routine of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from procgen.ir.expressions import Function
from procgen.ir.types import DType, Scalar

LARGEST_POWER = 709.782712893384
"""exp() of anything larger overflows."""
LN_2 = 0.6931471805599453

# The coefficients of Wichura's algorithm AS 241 (PPND16), highest power first.
CENTRE = (
    (
        (
            2509.0809287301227,
            33430.57558358813,
            67265.7709270087,
            45921.95393154987,
            13731.69376550946,
            1971.5909503065513,
            133.14166789178438,
            3.3871328727963665,
        )
    ),
    (
        (
            5226.495278852546,
            28729.085735721943,
            39307.89580009271,
            21213.794301586597,
            5394.196021424751,
            687.1870074920579,
            42.31333070160091,
            1.0,
        )
    ),
)
NEAR = (
    (
        (
            0.0007745450142783414,
            0.022723844989269184,
            0.2417807251774506,
            1.2704582524523684,
            3.6478483247632045,
            5.769497221460691,
            4.630337846156546,
            1.4234371107496835,
        )
    ),
    (
        (
            1.0507500716444169e-09,
            0.0005475938084995345,
            0.015198666563616457,
            0.14810397642748008,
            0.6897673349851,
            1.6763848301838038,
            2.053191626637759,
            1.0,
        )
    ),
)
FAR = (
    (
        (
            2.0103343992922881e-07,
            2.7115555687434876e-05,
            0.0012426609473880784,
            0.026532189526576124,
            0.29656057182850487,
            1.7848265399172913,
            5.463784911164114,
            6.657904643501103,
        )
    ),
    (
        (
            2.0442631033899397e-15,
            1.421511758316446e-07,
            1.8463183175100548e-05,
            0.0007868691311456133,
            0.014875361290850615,
            0.1369298809227358,
            0.599832206555888,
            1.0,
        )
    ),
)

Literal = Callable[[Scalar, DType], str]


def number_functions(literal: Literal) -> dict[Function, str]:
    """A template for each function, with the literals of one engine."""

    def n(value: float) -> str:
        return literal(value, DType.FLOAT64)

    logarithm = f"WHEN {{0}} = {n(0.0)} THEN {n(-_INF)} WHEN {{0}} < {n(0.0)} THEN {n(_NAN)} END"
    return {
        Function.SQRT: (
            f"CASE WHEN {{0}} >= {n(0.0)} THEN sqrt({{0}}) WHEN {{0}} < {n(0.0)} THEN {n(_NAN)} END"
        ),
        Function.LOG: f"CASE WHEN {{0}} > {n(0.0)} THEN ln({{0}}) {logarithm}",
        Function.LOG2: f"CASE WHEN {{0}} > {n(0.0)} THEN ln({{0}}) / {n(LN_2)} {logarithm}",
        Function.LOG10: f"CASE WHEN {{0}} > {n(0.0)} THEN log10({{0}}) {logarithm}",
        Function.LOG1P: _log1p(n),
        Function.EXPM1: _expm1(n),
        Function.NORMAL_QUANTILE: _normal_quantile(n),
    }


_INF, _NAN = float("inf"), float("nan")
Number = Callable[[float], str]


def _log1p(n: Number) -> str:
    """Kahan's: ln(u) of the rounded u = 1 + x, scaled by how much of x was rounded away."""
    one, u = n(1.0), f"({n(1.0)} + {{0}})"
    return (
        f"CASE WHEN {{0}} < {n(-1.0)} THEN {n(_NAN)} WHEN {{0}} = {n(-1.0)} THEN {n(-_INF)}"
        f" WHEN abs({{0}}) > {n(0.5)} THEN ln({u}) WHEN {u} = {one} THEN {{0}}"
        f" ELSE ln({u}) * ({{0}} / ({u} - {one})) END"
    )


def _expm1(n: Number) -> str:
    """Kahan's: u - 1 of the rounded u = exp(x), scaled by how far ln(u) is from x."""
    one, u = n(1.0), "exp({0})"
    return (
        f"CASE WHEN {{0}} = {n(_NAN)} THEN {{0}} WHEN {{0}} > {n(LARGEST_POWER)} THEN {n(_INF)}"
        f" WHEN {{0}} < {n(-50.0)} THEN {n(-1.0)} WHEN abs({{0}}) > {n(1.0)} THEN {u} - {one}"
        f" WHEN abs({{0}}) < {n(1e-18)} OR {u} = {one} THEN {{0}}"
        f" ELSE ({u} - {one}) * ({{0}} / ln({u})) END"
    )


def _normal_quantile(n: Number) -> str:
    zero, one, half = n(0.0), n(1.0), n(0.5)
    centre = f"({{0}} - {half})"
    inner = f"({n(0.180625)} - {centre} * {centre})"
    tail = f"sqrt(-ln(CASE WHEN {{0}} < {half} THEN {{0}} ELSE {one} - {{0}} END))"
    sign = f"(CASE WHEN {{0}} < {half} THEN {n(-1.0)} ELSE {one} END)"
    near, far = f"({tail} - {n(1.6)})", f"({tail} - {n(5.0)})"
    return (
        f"CASE WHEN {{0}} = {zero} THEN {n(-_INF)} WHEN {{0}} = {one} THEN {n(_INF)}"
        f" WHEN {{0}} < {zero} OR {{0}} > {one} THEN {n(_NAN)}"
        f" WHEN abs({centre}) <= {n(0.425)} THEN {centre} * {_ratio(CENTRE, inner, n)}"
        f" WHEN {tail} <= {n(5.0)} THEN {sign} * {_ratio(NEAR, near, n)}"
        f" WHEN {{0}} IS NOT NULL THEN {sign} * {_ratio(FAR, far, n)} END"
    )


def _ratio(coefficients: Sequence[Sequence[float]], x: str, n: Number) -> str:
    above, below = (_polynomial(each, x, n) for each in coefficients)
    return f"({above} / {below})"


def _polynomial(coefficients: Sequence[float], x: str, n: Number) -> str:
    first, *others = coefficients
    text = n(first)
    for coefficient in others:
        text = f"({text} * {x} + {n(coefficient)})"
    return text
