"""DuckDB 2.0: `0.1` is DECIMAL and `0.1e0` a DOUBLE; arithmetic gives inf and 0, as Python's."""

from __future__ import annotations

import math

from procgen.backends.dialect import Dialect
from procgen.errors import UnrepresentableError
from procgen.ir.expressions import Function
from procgen.ir.target import Target
from procgen.ir.types import DType, Scalar

TYPES = {
    DType.BOOL: "BOOLEAN",
    DType.INT64: "BIGINT",
    DType.FLOAT32: "FLOAT",
    DType.FLOAT64: "DOUBLE",
    DType.TEXT: "VARCHAR",
}


def identifier(name: str) -> str:
    """Quote a name."""
    if not name or "\0" in name:
        raise UnrepresentableError(f"{name!r} cannot be a name in DuckDB", hint="rename it")
    return '"' + name.replace('"', '""') + '"'


def literal(value: Scalar, dtype: DType) -> str:
    """Spell a value so that DuckDB reads back exactly that value; None is NULL."""
    match value:
        case None:
            return f"CAST(NULL AS {TYPES[dtype]})"
        case bool():
            return "true" if value else "false"
        case str():
            if "\0" in value:
                raise UnrepresentableError(
                    f"the text {value!r} holds a NUL character",
                    hint="remove it from the training data",
                )
            return "'" + value.replace("'", "''") + "'"
        case _ if dtype is DType.INT64:
            return f"CAST({value} AS BIGINT)"
        case _ if not math.isfinite(value):
            return f"'{value!r}'::{TYPES[dtype]}"
        case _:
            text = repr(float(value))
            number = text if "e" in text else f"{text}e0"
            return number if dtype is DType.FLOAT64 else f"CAST({number} AS FLOAT)"


_POWERS = (
    "list_transform([{0}], lambda procgen_m: list_transform(procgen_m, "
    "lambda procgen_x: exp(procgen_x - list_max(procgen_m))))[1]"
)
_ADD = "lambda procgen_a, procgen_b: procgen_a + procgen_b"
_WHOLE = "len(procgen_p) - len(procgen_p) % 8"


def _lane(k: int) -> str:
    return f"list_reduce(list_slice(procgen_p, {k}, {_WHOLE}, 8), {_ADD}, 0e0)"


# As numpy adds up to 128 numbers: eight running sums, then pairs of them, then what is left over.
_PAIRS = [f"({_lane(k)} + {_lane(k + 1)})" for k in (1, 3, 5, 7)]
_LANES = f"(({_PAIRS[0]} + {_PAIRS[1]}) + ({_PAIRS[2]} + {_PAIRS[3]}))"
_TOTAL = f"list_reduce(list_slice(procgen_p, {_WHOLE} + 1, len(procgen_p)), {_ADD}, {_LANES})"
_SHARES = (
    "list_transform([{0}], lambda procgen_p: list_transform(["
    + _TOTAL
    + "], lambda procgen_t: list_transform("
    "procgen_p, lambda procgen_x: CASE WHEN procgen_t = 0e0 THEN 1e0 / len(procgen_p) "
    "ELSE procgen_x / procgen_t END))[1])[1]"
)

DUCKDB = Dialect(
    target=Target(
        name="duckdb",
        max_depth=400,
        max_terms=40,
        max_arguments=5_000,
        max_inputs=5_000,
        traps_range_errors=False,
    ),
    types=TYPES,
    identifier=identifier,
    literal=literal,
    # `list_transform([x], lambda m: ...)[1]` is DuckDB's only way to name a value in an expression:
    # writing x twice would print, plan and run all its trees twice.
    functions={
        Function.EXP: "exp({0})",
        Function.EXPIT: "1e0 / (1e0 + exp(-({0})))",
        Function.EXPIT_EACH: "list_transform({0}, lambda procgen_x: 1e0 / (1e0 + exp(-procgen_x)))",
        Function.SOFTMAX: _SHARES.format(_POWERS),
        Function.NORMALIZE: _SHARES,
        Function.ARGMAX: (
            "list_transform([{0}], lambda procgen_m: "
            "list_position(procgen_m, list_max(procgen_m)))[1]"
        ),
    },
    named=frozenset(),
    list_of="[{0}]",
    choose="({0})[{1}]",
    list_type="{0}[]",
    ordered_sum=("list_reduce([{0}], lambda procgen_a, procgen_b: procgen_a + procgen_b)"),
    largest_inlined=None,
    fence="",
    folds_case=True,
    to_float={dtype: "CAST({0} AS DOUBLE)" for dtype in TYPES if dtype is not DType.TEXT},
    exact_text='({0} COLLATE "C")',
)
