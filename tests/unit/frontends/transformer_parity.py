"""A transformer's columns as one list, compared with scikit-learn's by bits; NaN is None."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from procgen.frontends.labels import to_number
from procgen.frontends.registry import INPUT_TYPES, Feature, Frame, Scope, read_transformer
from procgen.ir.check import check
from procgen.ir.expressions import Column, Vector
from procgen.ir.interpreter import Row, admits, interpret
from procgen.ir.program import Binding, Output, OutputName, Program
from procgen.ir.types import DType, Field, ListType
from tests.unit.frontends.tree_parity import bits, names, table


def read_columns(step: Any, *, is_sparse: bool = False) -> Program:
    """A Program whose margin is the list of a transformer's columns."""
    count = step.n_features_in_
    own = list(getattr(step, "feature_names_in_", names(count)))
    wanted = INPUT_TYPES.find(step)
    types = wanted(step, count) if wanted else (None,) * count
    fields = tuple(Field(n, t or DType.FLOAT64) for n, t in zip(own, types, strict=True))
    features = tuple(Feature(Column(field.name), field.dtype, field.name) for field in fields)
    frame = read_transformer(step, Frame(features, sparse=is_sparse), Scope())
    columns = Vector(tuple(to_number(feature) for feature in frame.features))
    return check(
        Program(
            fields,
            frame.requirements,
            (*frame.bindings, Binding("margin", columns)),
            (Output(OutputName.MARGIN, ListType(DType.FLOAT64), "margin"),),
        )
    )


def assert_columns_equal(
    step: Any, program: Program, rows: Sequence[Row], marker: Any = math.nan
) -> tuple[int, int]:
    """Compare every row; gives how many Python transformed and how many it refused."""
    counts = [0, 0]
    for row in rows:
        (got,) = interpret(program, [row])[OutputName.MARGIN]
        want = transformed(step, table(step, program.inputs, [row], marker))
        if want is None:
            assert not admits(program, row), row
            counts[1] += 1
        else:
            assert bits(without_nan(got)) == bits(want), (row, got, want)
            counts[0] += 1
    return counts[0], counts[1]


def transformed(step: Any, X: Any) -> tuple[float | None, ...] | None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            found = step.transform(X)
        except ValueError:
            return None
    dense = found.toarray() if sparse.issparse(found) else np.asarray(found)
    return without_nan(float(value) for value in dense[0])


def without_nan(values: Iterable[float | None]) -> tuple[float | None, ...]:
    return tuple(None if value is None or math.isnan(value) else value for value in values)
