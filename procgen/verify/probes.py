"""Rows at which a model may change its mind, and random ones; the same rows on every run."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from procgen.backends.duckdb import DUCKDB
from procgen.ir.domain import LARGEST_INT64, UNSEEN, Domain, domains
from procgen.ir.interpreter import Row, admits, to_float32
from procgen.ir.program import Program
from procgen.ir.types import DType, Field, Scalar
from procgen.passes import lower
from procgen.verify.pairing import paired

PROBES = 4_000
MORE_EDGES = (1e-30, -1e-30, 1e-300, 1e15, -1e15, 1e150, -1e150)
LONGEST = "long " * 200
"""Longer than any category."""
LARGEST_ORDINARY = 1e30
"""A column of larger numbers in every row would have each row overflow or be refused."""


@dataclass(frozen=True, slots=True)
class Values:
    """What one input may hold, in its own type.

    Attributes:
        ordinary: values for the columns that a probe is not about.
        probes: every value beside which the model decides, and every extreme one.
    """

    field: Field
    ordinary: tuple[Scalar, ...]
    probes: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Probes:
    """Rows, and how many more the model has that `limit` left out."""

    rows: list[Row]
    left_out: int


def probe_rows(program: Program, *, limit: int = PROBES, seed: int = 0) -> list[Row]:
    """Rows with one column at a decision or an extreme, and rows that pair such values.

    Args:
        program: the Program, lowered or not.
        limit: about how many rows; of more decisions every so many are taken.
        seed: another seed gives other ordinary values.
    """
    return make_probes(program, limit=limit, seed=seed).rows


def make_probes(program: Program, *, limit: int = PROBES, seed: int = 0) -> Probes:
    """The same, and how many were left out."""
    columns = input_values(program)
    pick = random.Random(seed)  # noqa: S311 - the same rows every time, not secrets
    wanted = [(column, value) for column in columns for value in column.probes]
    taken = _thinned(wanted, limit * 3 // 4)
    rows: dict[tuple[object, ...], Row] = {}
    for column, value in taken:
        _keep(rows, {**_ordinary(columns, pick), column.field.name: value})
    names = [column.field.name for column in columns]
    for values in paired(_levels(program, columns, pick), limit // 4, seed):
        _keep(rows, dict(zip(names, values, strict=True)))
    _keep(rows, {column.field.name: None for column in columns})
    return Probes(list(rows.values()), len(wanted) - len(taken))


def random_rows(program: Program, count: int, seed: int = 0) -> list[Row]:
    """Rows spread over the range in which the model decides; one in ten has an extreme value."""
    columns = input_values(program)
    pick = random.Random(seed)  # noqa: S311 - the same rows every time, not secrets
    draws = [_draw(column, pick) for column in columns]
    names = [column.field.name for column in columns]
    rows: list[Row] = []
    for _ in range(count):
        row = dict(zip(names, (draw() for draw in draws), strict=True))
        if pick.random() < 0.1:
            column = pick.choice(columns)
            row[column.field.name] = pick.choice(column.probes)
        rows.append(row)
    return rows


def input_values(program: Program) -> list[Values]:
    """The values of each input, read off the tests that stand on columns after lowering."""
    found = domains(lower(program, DUCKDB.target))
    return [_values(field, found[field.name]) for field in program.inputs]


def in_type(value: Scalar, dtype: DType) -> Scalar:
    """The value as a column of this type holds it; a float32 column rounds."""
    if dtype is DType.FLOAT32 and value is not None:
        return to_float32(float(value))
    return float(value) if dtype is DType.FLOAT64 and value is not None else value


def _values(field: Field, domain: Domain) -> Values:
    tested = [*domain.ordinary]
    match field.dtype:
        case DType.FLOAT32 | DType.FLOAT64:
            tested += [near for value in domain.ordinary for near in _float32_neighbours(value)]
            tested += MORE_EDGES
        case DType.TEXT:
            tested += [like for value in domain.ordinary for like in _lookalikes(value)]
            tested.append(LONGEST)
        case _:
            pass
    ordinary = tuple(value for value in domain.ordinary if _is_ordinary(value))
    return Values(
        field,
        _unique(ordinary or domain.ordinary, field.dtype),
        _unique((*domain.edges, *tested), field.dtype),
    )


def _levels(program: Program, columns: Sequence[Values], pick: random.Random) -> list[list[Scalar]]:
    """For each column the values that are paired: the extreme ones with which rows are scored."""
    ordinary = _ordinary(columns, pick)
    found = []
    for column in columns:
        name = column.field.name
        wanted = _unique((*_paired_values(column), ordinary[name]), column.field.dtype)
        kept = [value for value in wanted if admits(program, {**ordinary, name: value})]
        found.append(kept or [ordinary[name]])
    return found


def _paired_values(column: Values) -> tuple[Scalar, ...]:
    """The lowest and the highest decision, what is far beyond both, zero, and nothing."""
    ends: tuple[Scalar, ...]
    match column.field.dtype:
        case DType.FLOAT32 | DType.FLOAT64:
            numbers = [float(v) for v in column.ordinary if isinstance(v, int | float)]
            tiny, huge = 1e-30, 1e15
            ends = (min(numbers), max(numbers), 0.0, tiny, -tiny, huge, -huge, None)
        case DType.INT64:
            whole = [v for v in column.ordinary if isinstance(v, int)]
            ends = (min(whole), max(whole), 0, LARGEST_INT64, -LARGEST_INT64 - 1, None)
        case DType.BOOL:
            ends = (False, True, None)
        case DType.TEXT:
            texts = [v for v in column.ordinary if isinstance(v, str)]
            ends = (texts[0], texts[-1], max(texts, key=len), "", UNSEEN, None)
    return ends


def _is_ordinary(value: Scalar) -> bool:
    return not isinstance(value, float) or abs(value) < LARGEST_ORDINARY


def _unique(values: Sequence[Scalar], dtype: DType) -> tuple[Scalar, ...]:
    """Each once; 0.0 and -0.0, NaN and None are different values here."""
    typed = (in_type(value, dtype) for value in values)
    return tuple({(type(value), repr(value)): value for value in typed}.values())


def _float32_neighbours(value: Scalar) -> Iterator[float]:
    """The float32 next to a threshold, below and above, and the one it rounds to."""
    middle = to_float32(float(value)) if value is not None else math.nan
    if math.isfinite(middle):
        step = math.ldexp(1.0, max(math.frexp(middle)[1] - 24, -149))
        yield from (middle, middle - step, middle + step)


def _lookalikes(value: Scalar) -> Iterator[str]:
    """Texts that are other categories, however a database compares text."""
    if isinstance(value, str):
        yield from (value.swapcase(), f"{value} ", f" {value}")


def _thinned(wanted: list[tuple[Values, Scalar]], limit: int) -> list[tuple[Values, Scalar]]:
    """All of them, or every so many: the extremes of each column come first and stay."""
    if len(wanted) <= limit:
        return wanted
    step = len(wanted) / max(limit, 1)
    return [wanted[int(place * step)] for place in range(limit)]


def _ordinary(columns: Sequence[Values], pick: random.Random) -> dict[str, Scalar]:
    return {column.field.name: pick.choice(column.ordinary) for column in columns}


def _keep(rows: dict[tuple[object, ...], Row], row: dict[str, Scalar]) -> None:
    rows[tuple(repr(value) for value in row.values())] = row


def _draw(column: Values, pick: random.Random) -> Callable[[], Scalar]:
    """A source of values of one column."""
    dtype = column.field.dtype
    numbers = [float(v) for v in column.ordinary if isinstance(v, int | float)]
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    margin = (high - low) / 5 or 1.0

    def number() -> Scalar:
        kind = pick.random()
        if kind < 0.2:
            return pick.choice(column.ordinary)
        value = pick.uniform(low - margin, high + margin)
        # Round numbers meet thresholds, and their float32 neighbours, more often than others.
        return in_type(value if kind < 0.7 else round(value, 2), dtype)

    match dtype:
        case DType.FLOAT32 | DType.FLOAT64:
            return number
        case DType.INT64:
            highest = min(math.ceil(high + margin), LARGEST_INT64)
            # As a double the largest integer is one too many.
            lowest = min(max(math.floor(low - margin), -LARGEST_INT64 - 1), highest)
            return lambda: pick.randint(lowest, highest)
        case DType.BOOL:
            return lambda: pick.random() < 0.5
        case DType.TEXT:
            # An unseen category is refused by some encoders, so it stays rare.
            return lambda: UNSEEN if pick.random() < 0.01 else pick.choice(column.ordinary)
