"""PostgreSQL: `0.1e0` is numeric, and exp(), products and sums raise on overflow and underflow."""

from __future__ import annotations

import math

from procgen.backends.dialect import Dialect
from procgen.backends.number_functions import number_functions
from procgen.errors import UnrepresentableError
from procgen.ir import float32
from procgen.ir.expressions import Function
from procgen.ir.target import Target
from procgen.ir.types import DType, Scalar

TYPES = {
    DType.BOOL: "boolean",
    DType.INT64: "bigint",
    DType.FLOAT32: "real",
    DType.FLOAT64: "double precision",
    DType.TEXT: "text",
}
LONGEST_NAME = 63


def identifier(name: str) -> str:
    """Quote a name; a longer one would be cut without a word and meet another."""
    if not name or "\0" in name:
        raise UnrepresentableError(f"{name!r} cannot be a name in PostgreSQL", hint="rename it")
    size = len(name.encode("utf-8"))
    if size > LONGEST_NAME:
        raise UnrepresentableError(
            f"the name {name!r} has {size} bytes, and PostgreSQL keeps {LONGEST_NAME}",
            hint="shorten it, or give short names with --inputs",
        )
    quoted = '"' + name.replace('"', '""') + '"'
    if "$procgen$" not in name:
        return quoted
    return "U&" + quoted.replace("\\", "\\\\").replace("$procgen$", "\\0024procgen\\0024")


def literal(value: Scalar, dtype: DType) -> str:
    """Spell a value so that PostgreSQL reads back exactly that value; None is NULL."""
    match value:
        case None:
            return f"NULL::{TYPES[dtype]}"
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case _ if dtype is DType.INT64:
            return f"'{value}'::int8"
        case _:
            text = repr(float(value)) if math.isfinite(value) else _SPECIAL[repr(float(value))]
            return f"'{text}'::{'float8' if dtype is DType.FLOAT64 else 'float4'}"


_SPECIAL = {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}


def _text(value: str) -> str:
    if "\0" in value:
        raise UnrepresentableError(
            f"the text {value!r} holds a NUL character, which PostgreSQL cannot store",
            hint="remove it from the training data",
        )
    quoted = "'" + value.replace("'", "''") + "'"
    if "\\" in value or "$procgen$" in value:
        # E'' reads the same under any standard_conforming_strings, and hides the body's own tag.
        quoted = "E" + quoted.replace("\\", "\\\\").replace("$procgen$", "\\x24procgen\\x24")
    return f"{quoted}::text"


# exp(z) raises from here on, and below the second where the result would be 0.
_OVERFLOW = "'709.7827128933841'::float8"
_UNDERFLOW = "'-745.1332191019411'::float8"
# The argument stands once, because it is a whole model. NULL, a refused row, travels as NaN past
# coalesce(); float8larger and float8smaller are max and min that keep NULL, unlike GREATEST.
_EXP = (
    "nullif(coalesce(exp(-nullif(greatest(coalesce(-float8larger({0}, "
    + _UNDERFLOW
    + "), 'NaN'), -"
    + _OVERFLOW
    + "), -"
    + _OVERFLOW
    + ")), 'Infinity') - '5e-324'::float8, 'NaN')"
)
_EXPIT = (
    "nullif(coalesce(1 / (1 + exp(-nullif(greatest(coalesce(float8smaller({0}, 700), 'NaN'), -"
    + _OVERFLOW
    + "), -"
    + _OVERFLOW
    + "))), 0), 'NaN')"
)
# Kahan's log1p: ln(u) of the rounded u = 1 + y, scaled by how much of y was rounded away.
_SOFTPLUS = (
    "(SELECT CASE WHEN 1 + y = 1 OR y = 'Infinity' THEN y"
    " ELSE ln(1 + y) * (y / ((1 + y) - 1)) END FROM (SELECT " + _EXP + " AS y OFFSET 0) AS powers)"
)


def _lane(k: int) -> str:
    where = f"i % 8 = {k % 8} AND i <= n - n % 8"
    return f"coalesce(sum(e) FILTER (WHERE {where}) OVER whole, 0)"


def _rest(k: int) -> str:
    return f"coalesce(max(e) FILTER (WHERE i = n - n % 8 + {k}) OVER whole, 0)"


# As numpy adds up to 128 numbers: eight running sums, then pairs of them, then what is left over.
_PAIRS = [f"({_lane(k)} + {_lane(k + 1)})" for k in (1, 3, 5, 7)]
_LANES = f"(({_PAIRS[0]} + {_PAIRS[1]}) + ({_PAIRS[2]} + {_PAIRS[3]}))"
_TOTAL = " + ".join((_LANES, *(_rest(k) for k in range(1, 8))))
_SHARES = (
    "(SELECT array_agg(CASE WHEN total = 0 THEN '1'::float8 / n"
    " WHEN e < greatest(total, 1) * '5e-324'::float8 THEN 0 ELSE e / total END ORDER BY i)"
    " FROM (SELECT i, e, n, " + _TOTAL + " AS total"
    " FROM (SELECT i, e, count(*) OVER () AS n FROM {0}) AS counted"
    " WINDOW whole AS (ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
    ") AS sums)"
)
_EACH = "unnest({0}) WITH ORDINALITY AS items(x, i)"
_POWERS = (
    "(SELECT i, CASE WHEN d < "
    + _UNDERFLOW
    + " THEN 0 ELSE exp(d) END AS e FROM (SELECT i, x - max(x) OVER () AS d FROM "
    + _EACH
    + ") AS differences) AS powers"
)

# A cast to float4 raises where it would give Infinity, or 0 for what is not 0.
_CASE_EXP_FLOAT32 = (
    f"CASE WHEN x >= '{float32.EXP_IS_INFINITE}'::float8 THEN 'Infinity'::float8"
    f" WHEN x <= '{float32.EXP_IS_ZERO}'::float8 THEN 0 ELSE exp(x)::float4::float8 END"
)
_EXP_FLOAT32 = "(SELECT " + _CASE_EXP_FLOAT32 + " FROM (SELECT {0} AS x OFFSET 0) AS argument)"
_EXPIT_FLOAT32 = (
    "('1'::float4 / (exp(-float8larger(float8smaller({0}, "
    f"'{float32.FLATTEST_EXPIT}'::float8), '-{float32.STEEPEST_EXPIT}'::float8))::float4"
    " + '1'::float4))::float8"
)
_SOFTMAX_FLOAT32 = (
    f"(SELECT array_agg(CASE WHEN e <= total * '{float32.HALF_OF_SMALLEST}'::float8 THEN 0"
    " ELSE (e::float4 / total::float4)::float8 END ORDER BY i)"
    " FROM (SELECT i, e, sum(e) OVER whole AS total"
    " FROM (SELECT i, " + _CASE_EXP_FLOAT32 + " AS e"
    " FROM (SELECT i, (x - max(x) OVER ())::float4::float8 AS x FROM " + _EACH + ") AS differences"
    ") AS powers"
    " WINDOW whole AS (ORDER BY i ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)"
    ") AS sums)"
)

_WEIGHTED_MEDIAN = (
    "(SELECT x FROM (SELECT x, i, reached, last_value(reached) OVER (ORDER BY x, i"
    " ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS total"
    " FROM (SELECT x, i, sum(w) OVER (ORDER BY x, i ROWS UNBOUNDED PRECEDING) AS reached"
    " FROM (SELECT items[i] AS x, i, items[cardinality(items) / 2 + i] AS w"
    " FROM (SELECT {0} AS items OFFSET 0) AS list,"
    " generate_series(1, cardinality(items) / 2) AS places(i)) AS pairs) AS sums) AS totals"
    " WHERE reached >= '0.5'::float8 * total ORDER BY x, i LIMIT 1)"
)
_NUMBER_FUNCTIONS = number_functions(literal)
_NORMAL_QUANTILE = (
    "(SELECT "
    + _NUMBER_FUNCTIONS[Function.NORMAL_QUANTILE].format("x")
    + " FROM (SELECT {0} AS x OFFSET 0) AS argument)"
)

POSTGRES = Dialect(
    target=Target(
        name="postgres",
        max_depth=400,
        max_terms=400,
        max_arguments=100,
        max_inputs=1_600,
        traps_range_errors=True,
    ),
    types=TYPES,
    identifier=identifier,
    literal=literal,
    functions={
        Function.EXP: _EXP,
        Function.EXPIT: _EXPIT,
        Function.SOFTPLUS: _SOFTPLUS,
        Function.EXPIT_EACH: (
            "(SELECT array_agg(" + _EXPIT.format("x") + " ORDER BY i) FROM " + _EACH + ")"
        ),
        Function.SOFTMAX: _SHARES.format(_POWERS),
        Function.SOFTMAX_OF_LOGS: _SHARES.format(_POWERS),
        Function.EXP_FLOAT32: _EXP_FLOAT32,
        Function.EXPIT_FLOAT32: _EXPIT_FLOAT32,
        Function.SOFTMAX_FLOAT32: _SOFTMAX_FLOAT32,
        Function.NORMALIZE: _SHARES.format("(SELECT i, x AS e FROM " + _EACH + ") AS values_"),
        Function.ARGMAX: ("(SELECT i FROM " + _EACH + " ORDER BY x DESC, i LIMIT 1)"),
        Function.EXP2: "power('2'::float8, float8smaller(float8larger({0}, -1000), 1000))",
        Function.WEIGHTED_MEDIAN: _WEIGHTED_MEDIAN,
        **_NUMBER_FUNCTIONS,
        Function.NUMPY_EXP: _EXP,
        Function.NORMAL_QUANTILE: _NORMAL_QUANTILE,
    },
    named=frozenset(
        {
            Function.EXPIT_EACH,
            Function.SOFTMAX,
            Function.SOFTMAX_OF_LOGS,
            Function.SOFTMAX_FLOAT32,
            Function.NORMALIZE,
            Function.ARGMAX,
            Function.WEIGHTED_MEDIAN,
            *_NUMBER_FUNCTIONS,
        }
    ),
    list_of="ARRAY[{0}]",
    choose="({0})[{1}]",
    list_type="{0}[]",
    ordered_sum=None,
    largest_inlined=600,
    fence=" OFFSET 0",
    folds_case=False,
    to_float={
        DType.BOOL: "CAST({0} AS int)::float8",
        DType.INT64: "CAST({0} AS float8)",
        DType.FLOAT32: "CAST({0} AS float8)",
        DType.FLOAT64: "{0}",
    },
    let=None,
    exact_text='({0} COLLATE "C")',
    # An expression cannot RAISE, so a version gets a routine that does. A SELECT without routines
    # casts a text that is no boolean: PostgreSQL quotes it in a message of its own. The input is
    # part of either: a routine that is IMMUTABLE, as whatever stands in an inlined one must be,
    # would be called with constants once, while the query is planned.
    raising=(
        "CASE WHEN {0} THEN true ELSE ({1} || coalesce(left(({2})::text, 0), ''))::boolean END"
    ),
    raising_routine="CASE WHEN {0} THEN true ELSE {3}({1}, left(({2})::text, 0)) END",
    longest_list=None,
    default_schema="public",
    exact={
        DType.BOOL: frozenset({"boolean"}),
        DType.INT64: frozenset({"bigint", "integer", "smallint"}),
        DType.FLOAT32: frozenset({"real", "smallint"}),
        DType.FLOAT64: frozenset({"double precision", "real", "integer", "smallint"}),
        DType.TEXT: frozenset({"text", "character varying"}),
    },
    keys=frozenset(
        {"bigint", "integer", "smallint", "text", "character varying", "uuid", "date"}
        | {"timestamp without time zone", "timestamp with time zone"}
    ),
    moments=frozenset({"timestamp with time zone"}),
    abilities=frozenset(
        {"procedures", "row triggers", "generated columns that are added later"}
        | {"catching errors", "scheduled jobs"}
    ),
    walks=False,
    # greatest() and least() pass over NULL, and NaN is the greatest.
    ranges=(
        "num_nulls({0}) = 0 AND least({0}) >= {1} AND greatest({0}) <= {2}",
        "(least({0}) < {1} OR greatest({0}) > {2}) IS NOT TRUE",
        "least({0}) >= {1} AND greatest({0}) <= {2}",
    ),
    finite=("nullif(nullif(nullif({0}, 'NaN'::float8), 'Infinity'::float8), '-Infinity'::float8)"),
    has_routine="to_regproc({0}) IS NOT NULL",
)
