"""Nested CASE as SKompiler prints it: one expression, thresholds as they are, no missing values.

SKompiler 0.7 itself runs with SQLAlchemy 1 and older scikit-learn only, so its shape is written
here, from the trees that procgen reads. Two things are to its advantage: it goes for LightGBM and
XGBoost too, and numbers are spelled as doubles, where SKompiler's are decimals.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.models import COLUMNS, Matrix, Subject
from procgen.backends.dialect import Dialect
from procgen.errors import UnsupportedModelError
from procgen.frontends import read_model
from procgen.ir.expressions import Column, Comparison, Expr, Threshold
from procgen.ir.trees import Ensemble, Leaf, Tree
from procgen.ir.types import DType

Spell = Callable[[float], str]


def naive_expression(subject: Subject, dialect: Dialect) -> str:
    """The score as one expression of the columns."""
    spell = partial(dialect.literal, dtype=DType.FLOAT64)
    weights = getattr(subject.model, "coef_", None)
    if weights is not None:
        return _weighted(subject, np.ravel(weights), spell)
    program = read_model(subject.model, COLUMNS).program
    ensembles = [b.value for b in program.bindings if isinstance(b.value, Ensemble)]
    if len(ensembles) != 1:
        raise UnsupportedModelError(f"{subject.title} is not one sum of trees")
    (ensemble,) = ensembles
    trees = " + ".join(_tree(tree, ensemble.features, spell) for tree in ensemble.trees)
    total = f"({spell(ensemble.base_score[0])} + {trees})"
    return f"{total} / {spell(ensemble.divisor)}" if ensemble.divisor else total


def _weighted(subject: Subject, weights: Matrix, spell: Spell) -> str:
    terms = " + ".join(
        f"{name} * {spell(float(weight))}" for name, weight in zip(COLUMNS, weights, strict=True)
    )
    total = f"{terms} + {spell(float(np.ravel(subject.model.intercept_)[0]))}"
    return f"1 / (1 + exp(-({total})))" if subject.is_classifier else total


def _tree(tree: Tree, features: tuple[Expr, ...], spell: Spell) -> str:
    """Children come after their parents, so from the last node to the root."""
    done: dict[int, str] = {}
    for place in reversed(range(len(tree.nodes))):
        node = tree.nodes[place]
        if isinstance(node, Leaf):
            done[place] = spell(node.values[0])
            continue
        column, test = features[node.feature], node.test
        if not (isinstance(column, Column) and isinstance(test, Threshold)):
            raise UnsupportedModelError("a split on something else than a number of the table")
        sign = "<=" if test.op is Comparison.LE else "<"
        condition = f"{column.name} {sign} {spell(float(test.value))}"
        left, right = done.pop(node.left), done.pop(node.right)
        done[place] = f"CASE WHEN ({condition}) THEN {left} ELSE {right} END"
    return done[0]
