"""DuckDB 2.0: `0.1` is DECIMAL and `0.1e0` a DOUBLE; arithmetic gives inf and 0, as Python's."""

from __future__ import annotations

import math

from procgen.backends.dialect import Dialect, Let
from procgen.backends.number_functions import number_functions
from procgen.errors import UnrepresentableError
from procgen.ir import float32
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
ADD = "lambda procgen_a, procgen_b: procgen_a + procgen_b"
_WHOLE = "len(procgen_p) - len(procgen_p) % 8"


def _lane(k: int) -> str:
    return f"list_reduce(list_slice(procgen_p, {k}, {_WHOLE}, 8), {ADD}, 0e0)"


# As numpy adds up to 128 numbers: eight running sums, then pairs of them, then what is left over.
_PAIRS = [f"({_lane(k)} + {_lane(k + 1)})" for k in (1, 3, 5, 7)]
_LANES = f"(({_PAIRS[0]} + {_PAIRS[1]}) + ({_PAIRS[2]} + {_PAIRS[3]}))"
_TOTAL = f"list_reduce(list_slice(procgen_p, {_WHOLE} + 1, len(procgen_p)), {ADD}, {_LANES})"
_SHARES = (
    "list_transform([{0}], lambda procgen_p: list_transform(["
    + _TOTAL
    + "], lambda procgen_t: list_transform("
    "procgen_p, lambda procgen_x: CASE WHEN procgen_t = 0e0 THEN 1e0 / len(procgen_p) "
    "ELSE procgen_x / procgen_t END))[1])[1]"
)
# Kahan's log1p: ln(u) of the rounded u = 1 + y, scaled by how much of y was rounded away.
_SOFTPLUS = (
    "list_transform([exp({0})], lambda procgen_y: CASE WHEN 1e0 + procgen_y = 1e0 OR "
    "procgen_y = 'inf'::DOUBLE THEN procgen_y ELSE "
    "ln(1e0 + procgen_y) * (procgen_y / ((1e0 + procgen_y) - 1e0)) END)[1]"
)

# A cast to FLOAT raises where it would give inf; argument stands once, as for every function.
_EXP_FLOAT32 = (
    "list_transform([{0}], lambda procgen_x: CASE WHEN procgen_x >= "
    f"{float32.EXP_IS_INFINITE}e0 THEN 'inf'::DOUBLE WHEN procgen_x <= {float32.EXP_IS_ZERO}e0 "
    "THEN 0e0 ELSE CAST(CAST(exp(procgen_x) AS FLOAT) AS DOUBLE) END)[1]"
)
_EXPIT_FLOAT32 = (
    "list_transform([{0}], lambda procgen_x: CAST(CAST(1e0 AS FLOAT) / (CAST(exp("
    f"CASE WHEN procgen_x <= -{float32.STEEPEST_EXPIT}e0 THEN {float32.STEEPEST_EXPIT}e0 "
    f"WHEN procgen_x >= {float32.FLATTEST_EXPIT}e0 THEN -{float32.FLATTEST_EXPIT}e0 "
    "ELSE -procgen_x END) AS FLOAT) + CAST(1e0 AS FLOAT)) AS DOUBLE))[1]"
)
_POWERS_FLOAT32 = (
    "list_transform([{0}], lambda procgen_m: list_transform(procgen_m, lambda procgen_z: "
    + _EXP_FLOAT32.replace("{0}", "CAST(CAST(procgen_z - list_max(procgen_m) AS FLOAT) AS DOUBLE)")
    + "))[1]"
)
_SOFTMAX_FLOAT32 = (
    "list_transform([" + _POWERS_FLOAT32 + "], lambda procgen_p: list_transform([CAST(list_reduce("
    f"procgen_p, {ADD}) AS FLOAT)], lambda procgen_t: list_transform(procgen_p, lambda procgen_x: "
    "CAST(CAST(procgen_x AS FLOAT) / procgen_t AS DOUBLE)))[1])[1]"
)

# Sorted by value, then by place; the running sums are added from the start each time, because a
# window's sum would be added in another order.
_SORTED = (
    "list_sort(list_transform(range(1, len(procgen_l) // 2 + 1), lambda procgen_i: "
    "{{'x': procgen_l[procgen_i], 'i': procgen_i, "
    "'w': procgen_l[len(procgen_l) // 2 + procgen_i]}}))"
)
_REACHED = (
    "list_transform(range(1, len(procgen_s) + 1), lambda procgen_k: list_reduce(list_transform("
    f"list_slice(procgen_s, 1, procgen_k), lambda procgen_e: procgen_e.w), {ADD}))"
)
_WEIGHTED_MEDIAN = (
    f"list_transform([{{0}}], lambda procgen_l: list_transform([{_SORTED}], lambda procgen_s: "
    f"list_transform([{_REACHED}], lambda procgen_r: procgen_s[list_position(list_transform("
    "procgen_r, lambda procgen_t: procgen_t >= 0.5e0 * procgen_r[-1]), true)].x)[1])[1])[1]"
)


def _with_name(text: str) -> str:
    """A function whose argument stands many times, with a name for it."""
    return f"list_transform([{{0}}], lambda procgen_x: {text.format('procgen_x')})[1]"


_INTEGERS = frozenset({"INTEGER", "UINTEGER", "SMALLINT", "USMALLINT", "TINYINT", "UTINYINT"})

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
        Function.SOFTPLUS: _SOFTPLUS,
        Function.SOFTMAX: _SHARES.format(_POWERS),
        Function.SOFTMAX_OF_LOGS: _SHARES.format(_POWERS),
        Function.NORMALIZE: _SHARES,
        Function.EXP_FLOAT32: _EXP_FLOAT32,
        Function.EXPIT_FLOAT32: _EXPIT_FLOAT32,
        Function.SOFTMAX_FLOAT32: _SOFTMAX_FLOAT32,
        Function.ARGMAX: (
            "list_transform([{0}], lambda procgen_m: "
            "list_position(procgen_m, list_max(procgen_m)))[1]"
        ),
        Function.EXP2: "pow(2e0, {0})",
        Function.WEIGHTED_MEDIAN: _WEIGHTED_MEDIAN,
        **{function: _with_name(text) for function, text in number_functions(literal).items()},
        Function.NUMPY_EXP: "exp({0})",
    },
    named=frozenset(),
    list_of="[{0}]",
    choose="({0})[{1}]",
    list_type="{0}[]",
    ordered_sum=f"list_reduce([{{0}}], {ADD})",
    largest_inlined=None,
    fence="",
    folds_case=True,
    to_float={dtype: "CAST({0} AS DOUBLE)" for dtype in TYPES if dtype is not DType.TEXT},
    let=Let(template="list_transform([{{{1}}}], lambda {0}: {2})[1]", field="'{0}': {1}"),
    exact_text='({0} COLLATE "C")',
    raising="CASE WHEN {0} THEN true ELSE error({1}) END",
    raising_routine=None,
    longest_list=4,
    default_schema="main",
    exact={
        DType.BOOL: frozenset({"BOOLEAN"}),
        DType.INT64: _INTEGERS | {"BIGINT"},
        DType.FLOAT32: frozenset({"FLOAT", "SMALLINT", "USMALLINT", "TINYINT", "UTINYINT"}),
        DType.FLOAT64: _INTEGERS | {"DOUBLE", "FLOAT"},
        DType.TEXT: frozenset({"VARCHAR"}),
    },
    keys=_INTEGERS | {"BIGINT", "VARCHAR", "UUID", "DATE", "TIMESTAMP"},
    moments=frozenset({"TIMESTAMP"}),
    abilities=frozenset(),
    walks=True,
    ranges=(),
    finite=None,
    has_routine=None,
)
