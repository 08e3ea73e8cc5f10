"""Rows on and beside every threshold, and a comparison with scikit-learn by bits."""

from __future__ import annotations

import math
import random
import re
import struct
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from procgen.frontends import read_model
from procgen.ir.expressions import Column, Threshold, Unary
from procgen.ir.interpreter import LARGEST_FLOAT32, Row, Value, admits, interpret
from procgen.ir.program import OutputName, Program
from procgen.ir.trees import Ensemble, Split
from procgen.ir.types import DType, Field, Scalar

SPECIAL_NUMBERS = (
    *(math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, -5e-324, 1e-310, 1e-46, 1e300, -1e300),
    *(
        math.nextafter(LARGEST_FLOAT32, 0.0),
        LARGEST_FLOAT32,
        -LARGEST_FLOAT32,
        1.7976931348623157e308,
    ),
)
ULPS_OF_A_LINK = 4
PROBES = 40


def names(count: int) -> list[str]:
    return [f"x{index}" for index in range(count)]


def case_name(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return "x".join(map(str, (value.dtype, *value.shape[1:])))
    # Workers must agree on a test's name, and a function's address is another one in each.
    text = re.sub(r" at 0x[0-9a-f]+", "", repr(value))
    return "".join(text.split()) if hasattr(value, "fit") else text


def read(model: Any, types: Mapping[str, DType] | None = None) -> Program:
    inputs = None if hasattr(model, "feature_names_in_") else names(model.n_features_in_)
    return read_model(model, inputs, types).program


def training_rows(X: Any, fields: Sequence[Field]) -> list[dict[str, Scalar]]:
    columns = [
        X.iloc[:, index] if hasattr(X, "iloc") else X[:, index] for index in range(X.shape[1])
    ]
    return [
        {field.name: plain(value) for field, value in zip(fields, row, strict=True)}
        for row in zip(*columns, strict=True)
    ]


def plain(value: Any) -> Scalar:
    value = value.item() if isinstance(value, np.generic) else value
    return None if value is pd.NA or value is None else value


def probe_rows(
    program: Program, X: Any, more: Mapping[str, Iterable[Scalar]] | None = None
) -> list[dict[str, Scalar]]:
    """Training rows, and each with one column set to a value at an edge."""
    rows = training_rows(X, program.inputs)
    draw = random.Random(0)
    probes = [dict(row) for row in rows[:PROBES]]
    edges = thresholds(program)
    for field in program.inputs:
        values: list[Scalar] = [None]
        if field.dtype.is_float:
            values = [*SPECIAL_NUMBERS, *edges.get(field.name, ())]
        values += (more or {}).get(field.name, ())
        probes += [{**draw.choice(rows), field.name: value} for value in values]
    return probes


def thresholds(program: Program) -> dict[str, list[float]]:
    """For each column that a tree tests as it is, some thresholds and what lies beside them."""
    found: dict[str, set[float]] = {}
    for binding in program.bindings:
        if isinstance(binding.value, Ensemble):
            for tree in binding.value.trees:
                for node in tree.nodes:
                    if isinstance(node, Split) and isinstance(node.test, Threshold):
                        feature = binding.value.features[node.feature]
                        feature = feature.operand if isinstance(feature, Unary) else feature
                        if isinstance(feature, Column):
                            found.setdefault(feature.name, set()).add(node.test.value)
    draw = random.Random(1)
    return {
        name: [near for value in some(sorted(values), draw) for near in neighbours(value)]
        for name, values in found.items()
    }


def some(values: list[float], draw: random.Random) -> list[float]:
    return values if len(values) <= PROBES else draw.sample(values, PROBES)


def neighbours(value: float) -> list[float]:
    if math.isinf(value):
        return [value]
    below = np.float32(value)
    if float(below) > value:
        below = np.nextafter(below, np.float32(-np.inf))
    above = np.nextafter(below, np.float32(np.inf))
    middle = (float(below) + float(above)) / 2
    points = [value, float(below), float(above), middle]
    return [
        q for p in points for q in (math.nextafter(p, -math.inf), p, math.nextafter(p, math.inf))
    ]


def table(model: Any, fields: Sequence[Field], rows: Sequence[Row], marker: Any = math.nan) -> Any:
    """The rows as the model was trained on them: a frame where it knows names, else an array."""
    columns = {
        field.name: column(field.dtype, [row[field.name] for row in rows], marker)
        for field in fields
    }
    if hasattr(model, "feature_names_in_"):
        return pd.DataFrame(columns)
    if any(values.dtype == object for values in columns.values()):
        return np.column_stack([values.astype(object) for values in columns.values()])
    return np.column_stack(list(columns.values()))


def column(dtype: DType, values: list[Scalar], marker: Any) -> np.ndarray:
    has_missing = any(value is None or value != value for value in values)
    if dtype is DType.TEXT or (dtype is DType.BOOL and has_missing):
        result = np.empty(len(values), dtype=object)
        result[:] = [marker if value is None or value != value else value for value in values]
        return result
    if dtype is DType.BOOL:
        return np.array(values, dtype=bool)
    if dtype is DType.INT64 and not has_missing:
        return np.array(values, dtype=np.int64)
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)


def bits(value: Any) -> Any:
    """A value that is equal to another one only if their bits are."""
    match value:
        case list() | tuple():
            return tuple(bits(item) for item in value)
        case float():
            return struct.pack("<d", value)
        case _:
            return (type(value), value)


def answers(model: Any, X: Any) -> dict[OutputName, list[Value]]:
    """What scikit-learn says, in the shapes of our outputs."""
    found = {OutputName.PREDICT: as_list(model.predict(X))}
    found[OutputName.MARGIN] = as_list(margin_of(model, X))
    if hasattr(model, "predict_proba"):
        proba = model.predict_proba(X)
        if isinstance(proba, list):
            proba = np.hstack(proba)
        elif proba.shape[1] == 2:
            proba = proba[:, 1]
        found[OutputName.PROBA] = as_list(proba)
    return found


def margin_of(model: Any, X: Any) -> Any:
    while hasattr(model, "steps"):
        X = model[:-1].transform(X) if len(model.steps) > 1 else X
        model = model[-1]
    if hasattr(model, "decision_function"):
        return model.decision_function(X)
    if hasattr(model, "_baseline_prediction"):
        return model._raw_predict(X).ravel()
    proba = model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)
    return np.hstack(proba) if isinstance(proba, list) else proba


def as_list(array: Any) -> list[Value]:
    return [tuple(item) if isinstance(item, list) else item for item in np.asarray(array).tolist()]


def assert_equal(
    model: Any,
    program: Program,
    rows: Sequence[Row],
    *,
    marker: Any = math.nan,
    has_link: bool = False,
) -> tuple[int, int]:
    """Compare every row; gives how many Python scored and how many it refused."""
    admitted = [row for row in rows if admits(program, row)]
    refused = [row for row in rows if not admits(program, row)]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        want = answers(model, table(model, program.inputs, admitted, marker)) if admitted else {}
        for row in refused:
            assert refuses(model, table(model, program.inputs, [row], marker)), row
    got = interpret(program, admitted)
    linked = {OutputName.PROBA, OutputName.PREDICT} if has_link else set()
    for name, values in want.items():
        for row, ours, theirs in zip(admitted, got[name], values, strict=True):
            same = near(ours, theirs) if name in linked else bits(ours) == bits(theirs)
            assert same, (name, row, ours, theirs)
    assert all(value is None for values in interpret(program, refused).values() for value in values)
    return len(admitted), len(refused)


def refuses(model: Any, X: Any) -> bool:
    try:
        model.predict(X)
    except ValueError:
        return True
    return False


def near(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, tuple):
        return all(near(a, b) for a, b in zip(ours, theirs, strict=True))
    if isinstance(ours, float):
        return ours == theirs or abs(place(ours) - place(theirs)) <= ULPS_OF_A_LINK
    return bits(ours) == bits(theirs)


def place(value: float) -> int:
    (number,) = struct.unpack("<q", struct.pack("<d", value))
    return number if number >= 0 else -(number & (2**63 - 1))
