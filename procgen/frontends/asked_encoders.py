"""An encoder of columns as tables, which are what it answers itself for each value that it knows.

Such libraries have many options for what becomes of a missing or an unseen value, and their
transform() is the only place that has them all. Each column is asked about apart.
"""

from __future__ import annotations

import math
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.categories import Categories, comparable, read_categories
from procgen.frontends.demands import demand, present
from procgen.frontends.labels import plain
from procgen.frontends.registry import TRANSFORMERS, Feature, Frame
from procgen.frontends.wants import ANYTHING, ORIGINS, Want, wants
from procgen.ir.domain import LARGEST_INT64, UNSEEN
from procgen.ir.expressions import Case, Constant, Match, Membership
from procgen.ir.program import Requirement
from procgen.ir.types import DType, Scalar

Row = Mapping[str, Any]
"""What one row becomes, by output column."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What an encoder makes of one column's values; None where it refuses.

    Attributes:
        known: a row for each category, in their order.
        unseen: for a value that is none of them.
        missing: for a missing value.
    """

    known: tuple[Row, ...]
    unseen: Row | None
    missing: Row | None

    def of(self, output: str) -> list[Any]:
        """Every answer in this output column."""
        rows = [*self.known, self.unseen, self.missing]
        return [row[output] for row in rows if row is not None]


@dataclass(frozen=True, slots=True)
class Encoder:
    """A fitted step, its columns by name, and the categories of those that it encodes."""

    step: Any
    names: tuple[Any, ...]
    learned: Mapping[Any, Categories]

    def ask(self, column: Any, values: Sequence[Any]) -> tuple[Row, ...]:
        """What transform() makes of rows that differ in this column only."""
        import pandas as pd  # noqa: PLC0415 - it is optional

        rows = {name: [self.usual(name)] * len(values) for name in self.names}
        rows[column] = list(values)
        # Without the dtype, pandas makes its own text, in which None and NaN are one.
        series = {name: pd.Series(cells, dtype=self._dtype(name)) for name, cells in rows.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = self.step.transform(pd.DataFrame(series))
        outputs = made.columns if hasattr(made, "columns") else self.step.get_feature_names_out()
        table = np.asarray(made, dtype=object).tolist()
        return tuple(dict(zip(outputs, map(_cell, row), strict=True)) for row in table)

    def _dtype(self, name: Any) -> Any:
        learned = self.learned.get(name)
        is_number = learned is None or learned.dtype in (DType.INT64, DType.FLOAT64)
        return None if is_number else object

    def usual(self, name: Any) -> Any:
        """A value that no column is refused for."""
        learned = self.learned.get(name)
        if learned is None:
            return 0.0
        return learned.codes[0][0] if learned.codes else math.nan

    def answers(self, column: Any) -> Answers:
        """Everything about one column."""
        learned = self.learned[column]
        known = [value for value, _ in learned.codes]
        return Answers(
            self.ask(column, known) if known else (),
            self._ask_one(column, _none_of(learned)),
            self._ask_one(column, math.nan),
        )

    def _ask_one(self, column: Any, value: Any) -> Row | None:
        try:
            (row,) = self.ask(column, [value])
        except ValueError:  # by which both libraries refuse rows
            return None
        return row


EncoderOf = Callable[[Any], Encoder]


def reads_encoders(*class_names: str) -> Callable[[EncoderOf], EncoderOf]:
    """Register what a step's own values say, for classes whose steps `encoder_of` makes encoders.

    Their columns have the types of the categories, and those that are not encoded stay as they are.
    """

    def register(encoder_of: EncoderOf) -> EncoderOf:
        wants(*class_names)(lambda step, _: wants_of_encoder(encoder_of(step)))
        ORIGINS.reads(*class_names)(lambda step, _: origins_of_encoder(encoder_of(step)))
        TRANSFORMERS.reads(*class_names)(
            lambda step, frame, _: read_encoder(encoder_of(step), frame)
        )
        return encoder_of

    return register


def learned_categories(step: Any, categories: Mapping[Any, Sequence[Any]]) -> dict[Any, Categories]:
    """The categories of each encoded column, without the missing one."""
    return {
        column: read_categories(
            np.array([v for v in dict.fromkeys(values) if not _is_missing(v)], dtype=object),
            f"column {column!r} of {type(step).__name__}",
        )
        for column, values in categories.items()
    }


def wants_of_encoder(encoder: Encoder) -> tuple[Want, ...]:
    """Columns of the types of the categories; anything of the others."""
    return tuple(
        encoder.learned[name].want if name in encoder.learned else ANYTHING
        for name in encoder.names
    )


def origins_of_encoder(encoder: Encoder) -> tuple[int | None, ...]:
    """For each output column, the place of the column that it is, or None where it is encoded."""
    kept = {name: place for place, name in enumerate(encoder.names) if name not in encoder.learned}
    return tuple(kept.get(output) for output in _outputs(encoder))


def read_encoder(encoder: Encoder, frame: Frame) -> Frame:
    """The columns that leave the encoder, each a table of one column or a column as it was."""
    columns = dict(zip(encoder.names, frame.features, strict=True))
    answers = {column: encoder.answers(column) for column in encoder.learned}
    owners = {
        output: _owner(encoder, output, answers)
        for output in _outputs(encoder)
        if output not in columns or output in encoder.learned
    }
    tables: dict[Any, Match] = {}
    demands: list[Requirement | None] = []
    for column, learned in encoder.learned.items():
        own = [output for output, owner in owners.items() if owner == column]
        tables |= _tables(columns[column], learned, answers[column], own)
        demands.append(_demanded(columns[column], learned, answers[column]))
    features = tuple(
        Feature(tables[output], tables[output].otherwise.dtype, str(output))
        if output in tables
        else columns[output]
        for output in _outputs(encoder)
    )
    return replace(demand(frame, demands), features=features, sparse=False)


def _outputs(encoder: Encoder) -> tuple[Any, ...]:
    column = encoder.names[0]
    return tuple(encoder.ask(column, [encoder.usual(column)])[0])


def _owner(encoder: Encoder, output: Any, answers: Mapping[Any, Answers]) -> Any:
    """The column that an output column depends on."""
    varying = [
        column for column, found in answers.items() if len(set(map(repr, found.of(output)))) > 1
    ]
    if len(varying) > 1:
        raise UnsupportedModelError(
            f"{type(encoder.step).__name__} makes {output!r} of several columns",
            hint="encode columns apart",
        )
    # An output that is the same for every value may be anybody's.
    return varying[0] if varying else next(iter(answers))


def _tables(
    feature: Feature, learned: Categories, found: Answers, outputs: Sequence[Any]
) -> dict[Any, Match]:
    """A table for each output column that depends on this one.

    A table lists the categories whose result is not that of the unseen ones. The last one lists
    those too that are in none, because they are known all the same.
    """
    subject, values = comparable(feature, learned)
    tables: dict[Any, Match] = {}
    unlisted = set(range(len(values)))
    for output in outputs:
        dtype = _type_of(found.of(output), output)
        results = [_constant(row[output], dtype) for row in found.known]
        otherwise = _otherwise(found, output, results, dtype)
        listed = {place for place, result in enumerate(results) if repr(result) != repr(otherwise)}
        unlisted -= listed
        if output == outputs[-1]:
            listed |= unlisted
        cases = tuple(Case(values[place], results[place]) for place in sorted(listed))
        missing = otherwise if found.missing is None else _constant(found.missing[output], dtype)
        tables[output] = Match(subject, cases, otherwise, missing)
    return tables


def _otherwise(found: Answers, output: Any, results: Sequence[Constant], dtype: DType) -> Constant:
    if found.unseen is not None:
        return _constant(found.unseen[output], dtype)
    # An unseen value is refused, so that the most common result makes the shortest table.
    return Counter(results).most_common(1)[0][0] if results else Constant(None, dtype)


def _demanded(feature: Feature, learned: Categories, found: Answers) -> Requirement | None:
    if found.unseen is None:
        subject, values = comparable(feature, learned)
        reason = "a category that the encoder has not seen"
        return Requirement(subject, Membership(values), found.missing is not None, reason)
    return present(feature) if found.missing is None else None


def _type_of(answers: list[Any], output: Any) -> DType:
    kinds = {isinstance(value, str) for value in answers if not _is_missing(value)}
    if len(kinds) > 1:
        raise UnsupportedModelError(
            f"the encoder makes both text and numbers of {output!r}", hint="make one of them"
        )
    return DType.TEXT if kinds == {True} else DType.FLOAT64


def _constant(value: Any, dtype: DType) -> Constant:
    if _is_missing(value):
        return Constant(None, dtype)
    return Constant(value if dtype is DType.TEXT else float(value), dtype)


def _none_of(learned: Categories) -> Scalar:
    """A value of the column's type that is no category of it."""
    values: list[Any] = [value for value, _ in learned.codes]
    match learned.dtype:
        case DType.TEXT | None:
            return next(text for text in _texts() if text not in values)
        case DType.BOOL:
            return None if len(values) > 1 else not values[0]
        case DType.INT64:
            return next(n for n in range(LARGEST_INT64, 0, -1) if n not in values)
        case _:
            return math.nextafter(max(map(float, values)), math.inf)


def _texts() -> Iterator[str]:
    text = UNSEEN
    while True:
        yield text
        text += "."


def _cell(value: Any) -> Any:
    """Numbers as doubles: a missing value in a column of integers makes doubles of the others."""
    value = plain(value)
    return float(value) if isinstance(value, int) else value


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))
