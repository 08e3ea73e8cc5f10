"""Other ways to bring a model into a database: orbital, nested CASE, and m2cgen's Python.

Their packages are the extra `benchmarks`; what is not installed, or refuses a model, says so in the
table of results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

from benchmarks.compiled import LISTED
from benchmarks.models import COLUMNS, Subject
from benchmarks.naive import naive_expression
from procgen.backends import dialect_named

Query = Callable[[str], str]
PLACE = "source_of_rows"
EXPORTED: dict[tuple[str, str], Query | Exception] = {}


def sql_ways(subject: Subject, dialect: str) -> Iterator[tuple[str, Callable[[], Query]]]:
    """Names and, when called, a SELECT of id and score over a table of a given name."""
    yield "orbital", partial(orbital_query, subject, dialect)
    yield "nested CASE", partial(naive_query, subject, dialect)


def naive_query(subject: Subject, dialect: str) -> Query:
    """One expression of nested CASE, as SKompiler prints it."""
    score = naive_expression(subject, dialect_named(dialect))
    return lambda table: f"SELECT id, {score} AS score FROM {table}"


def orbital_query(subject: Subject, dialect: str) -> Query:
    """What posit-dev/orbital exports; it is asked once, also where it fails or takes too long."""
    key = (subject.key, dialect)
    if key not in EXPORTED:
        try:
            EXPORTED[key] = export_by_orbital(subject, dialect)
        except Exception as error:
            EXPORTED[key] = error
            raise
    match EXPORTED[key]:
        case Exception() as error:
            raise error
        case query:
            return query


def export_by_orbital(subject: Subject, dialect: str) -> Query:
    """A SELECT by orbital.

    It needs a pipeline. The key is added to the columns of the table after parsing, because the
    model must not have it as an input.
    """
    import orbital  # noqa: PLC0415 - an extra
    from orbital.types import DoubleColumnType, Int64ColumnType  # noqa: PLC0415
    from sklearn.pipeline import Pipeline  # noqa: PLC0415

    features = {name: DoubleColumnType() for name in COLUMNS}
    parsed = orbital.parse_pipeline(Pipeline([("model", subject.model)]), features=features)
    parsed.features["id"] = Int64ColumnType()
    output = "output_probability.1" if subject.is_classifier else "variable"
    projection = orbital.ResultsProjection(["id"])
    text = orbital.export_sql(PLACE, parsed, dialect=dialect, projection=projection)
    return lambda table: (
        f'SELECT id, "{output}" AS score FROM ({text.replace(PLACE, table)}) AS scored'
    )


@cache
def m2cgen_body(subject: Subject) -> str:
    """The body of a PL/Python function of the 30 columns."""
    import m2cgen  # noqa: PLC0415 - an extra

    code = m2cgen.export_to_python(subject.model)
    # Of a binary classifier with weights it gives the margin, so the link is added.
    link = "1 / (1 + __import__('math').exp(-{}))" if subject.is_classifier else "{}"
    return f"{code}\nreturn {link.format(f'score([{LISTED}])')}\n"


def treelite_model(subject: Subject) -> Any:
    """The model as Treelite reads it."""
    import treelite  # noqa: PLC0415 - an extra

    match type(subject.model).__name__:
        case name if name.startswith("LGBM"):
            return treelite.frontend.from_lightgbm(subject.model.booster_)
        case name if name.startswith("XGB"):
            return treelite.frontend.from_xgboost(subject.model.get_booster())
        case _:
            return treelite.sklearn.import_model(subject.model)
