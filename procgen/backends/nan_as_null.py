"""Columns whose NaN may be NULL instead: trees ask about them, and nothing else reads them.

`x > t` is true of NaN, so a split whose missing values go left is written `-x < -t`
(conditions.py), and a row pays for the minus sign at half of the splits it meets. Where NaN has
become NULL once, ahead of all trees, `x > t` says the same of every row. In DuckDB that is a tenth
of a row; in PostgreSQL, where it was a twentieth, it is not done.
"""

from __future__ import annotations

from collections.abc import Mapping, Set

from procgen.ir.expressions import Column, Expr, Threshold
from procgen.ir.program import Program
from procgen.ir.trees import Ensemble, splits_of
from procgen.ir.typing import Typing
from procgen.ir.walk import columns_of


def replaceable(program: Program, typing: Typing) -> frozenset[str]:
    """The columns that a split reads for which NaN matters, if only trees read them."""
    asked: set[str] = set()
    read: set[str] = set()
    for expr in (requirement.subject for requirement in program.requirements):
        read |= _inside(expr)
    for binding in program.bindings:
        if not isinstance(binding.value, Ensemble):
            read |= set(columns_of(binding.value))
            continue
        swapped = swapped_features(binding.value, typing)
        asked |= {feature.name for feature in swapped if isinstance(feature, Column)}
        for feature in binding.value.features:
            read |= _inside(feature)
    return frozenset(asked - read)


def _inside(expr: Expr) -> set[str]:
    """The columns of an expression that is more than a column."""
    return set() if isinstance(expr, Column) else set(columns_of(expr))


def swapped_features(ensemble: Ensemble, typing: Typing) -> list[Expr]:
    """The features that some split compares in the form that keeps NaN out (conditions.py)."""
    places = {
        split.feature
        for split in splits_of(ensemble.trees)
        if split.default_left and isinstance(split.test, Threshold)
    }
    features = (ensemble.features[place] for place in places)
    return [
        feature
        for feature in features
        if typing.item_type(feature).is_float and typing.may_be_missing(feature)
    ]


def replaced(columns: Mapping[str, str], names: Set[str]) -> str:
    """Some of the columns as they are written, each as itself with NULL for NaN."""
    wanted = (text for name, text in columns.items() if name in names)
    return ",\n    ".join(f"CASE WHEN {text} < 'nan' THEN {text} END AS {text}" for text in wanted)
