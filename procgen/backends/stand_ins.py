"""What stands in for a missing value, ahead of all trees, where nothing but trees reads a column.

A missing value falls through every condition (conditions.py), so the side it goes to must come
last, and `x > t`, true of NaN, is written `-x < -t`. Two things can be done once for a row instead
of at each of its splits:

- Often some number goes the way of a missing value at every split: 0 where LightGBM saw none while
  it was trained, an infinity where all of them go to one side. With it in their place nothing is
  missing, and a tree may be printed either way round. A fifth of a row in DuckDB.
- Elsewhere NULL for NaN lets `x > t` say what `-x < -t` says. A tenth of a row in DuckDB; in
  PostgreSQL a tenth as well, but there an expression computes nothing once for a row.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from procgen.backends.dialect import Dialect
from procgen.ir.expressions import Column, Constant, Expr, Threshold
from procgen.ir.interpreter import meets, passes
from procgen.ir.program import Program, Requirement
from procgen.ir.trees import Ensemble, Split, splits_of
from procgen.ir.typing import Typing
from procgen.ir.walk import columns_of, ensembles_of

StandIns = Mapping[str, Constant | None]
"""For a column the number instead of NULL and NaN, or None: NULL instead of NaN."""


def stand_ins(program: Program, typing: Typing) -> StandIns:
    """What stands in for missing values, for the columns that need it and that only trees read."""
    ensembles = ensembles_of(program).values()
    read = _read_elsewhere(program)
    found: dict[str, Constant | None] = {}
    for name, splits in _splits_by_column(ensembles).items():
        dtype = typing.item_type(Column(name))
        if name in read or not dtype.is_float or not typing.may_be_missing(Column(name)):
            continue
        demands = [one for one in program.requirements if one.subject == Column(name)]
        number = _like_missing(name, splits, demands)
        if number is not None:
            found[name] = Constant(number, dtype)
        elif any(map(_is_swapped, splits)):
            found[name] = None
    return found


def swapped_features(ensemble: Ensemble, typing: Typing) -> list[Expr]:
    """The features that some split compares in the form that keeps NaN out (conditions.py)."""
    places = {split.feature for split in splits_of(ensemble.trees) if _is_swapped(split)}
    features = (ensemble.features[place] for place in places)
    return [
        feature
        for feature in features
        if typing.item_type(feature).is_float and typing.may_be_missing(feature)
    ]


def _is_swapped(split: Split) -> bool:
    return split.default_left and isinstance(split.test, Threshold)


def with_stand_ins(columns: Mapping[str, str], found: StandIns, dialect: Dialect) -> str:
    """Some of the columns as they are written, each as itself with what stands in."""
    texts = []
    for name, number in found.items():
        text = columns[name]
        otherwise = ""
        if number is not None:
            otherwise = f" ELSE {dialect.literal(number.value, number.dtype)}"
        texts.append(f"CASE WHEN {text} < 'nan' THEN {text}{otherwise} END AS {text}")
    return ",\n    ".join(texts)


def _read_elsewhere(program: Program) -> set[str]:
    """The columns that something else reads than a split that tests the column itself."""
    exprs: list[Expr] = [requirement.subject for requirement in program.requirements]
    read: set[str] = set()
    for binding in program.bindings:
        if isinstance(binding.value, Ensemble):
            exprs += binding.value.features
        else:
            read |= set(columns_of(binding.value))
    return read.union(*(columns_of(expr) for expr in exprs if not isinstance(expr, Column)))


def _splits_by_column(ensembles: Iterable[Ensemble]) -> dict[str, list[Split]]:
    found: dict[str, list[Split]] = {}
    for ensemble in ensembles:
        for split in splits_of(ensemble.trees):
            feature = ensemble.features[split.feature]
            if isinstance(feature, Column):
                found.setdefault(feature.name, []).append(split)
    return found


def _like_missing(
    name: str, splits: Iterable[Split], demands: Iterable[Requirement]
) -> float | None:
    """A number that is accepted and goes the way of a missing value at all splits, if any is."""
    tests = {(split.test, split.default_left) for split in splits}
    for number in (0.0, math.inf, -math.inf):
        is_accepted = all(meets(demand, {name: number}) for demand in demands)
        if is_accepted and all(passes(test, number) == left for test, left in tests):
            return number
    return None
