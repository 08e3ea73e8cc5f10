"""A Booster's own JSON, read strictly; what the JSON does not say, the library itself is asked.

`base_score` is stored before the link of the objective is undone, in the C library's float32, and
for older models otherwise than for newer ones. So the margin that a row starts from is what the
library predicts once every leaf is zero.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.ir.types import DType, Scalar

CATEGORY = "c"
TYPES = {"int": DType.INT64, "i": DType.BOOL}
"""How the library calls the types of a DataFrame's columns; the others are numbers."""
LEAF = -1
INDEX_TYPES = {9: "int8", 10: "uint8", 11: "int16", 13: "int32", 15: "int64"}
"""The NumPy types of integer categories, by the number that the JSON has for them."""


@dataclass(frozen=True, slots=True)
class SavedTree:
    """One tree as the library stores it: parallel lists, and the output that it adds to."""

    lists: dict[str, Any]
    group: int
    weight: float | None


@dataclass(frozen=True, slots=True)
class SavedModel:
    """What a Booster holds.

    Attributes:
        kind: gbtree, dart or gblinear.
        objective: the objective's name, which says what is done with the margin.
        count: how many columns it takes.
        start: the margin of each output before the first tree.
        rounds: the trees of each boosting round.
        weights: of gblinear, for each column and then for the bias, a weight for each output.
        categories: for each column, its categories in the order of their codes, or None where it
            has none or the model does not store them.
    """

    kind: str
    objective: str
    count: int
    start: tuple[float, ...]
    rounds: tuple[tuple[SavedTree, ...], ...]
    weights: tuple[tuple[float, ...], ...]
    categories: tuple[tuple[Scalar, ...] | None, ...]


def read_saved(booster: Any) -> SavedModel:
    """Read a Booster through its JSON.

    Raises:
        UnsupportedModelError: the JSON lacks something: it is of another version of the library.
    """
    document = json.loads(bytes(booster.save_raw("json")))
    try:
        return _read(document, booster)
    except (KeyError, IndexError, TypeError) as error:
        version = ".".join(map(str, document.get("version", ("unknown",))))
        raise UnsupportedModelError(
            f"XGBoost {version} saves this model in a form that no front-end reads ({error!r})",
            hint="train or save it with XGBoost 2.1 or newer",
        ) from error


def _read(document: dict[str, Any], booster: Any) -> SavedModel:
    learner = document["learner"]
    machine = learner["gradient_booster"]
    count = int(learner["learner_model_param"]["num_feature"])
    kind = machine["name"]
    start = starting_margin(document, booster, count)
    trees = kind != "gblinear"
    return SavedModel(
        kind=kind,
        objective=learner["objective"]["name"],
        count=count,
        start=start,
        rounds=tuple(_rounds(machine)) if trees else (),
        weights=() if trees else _linear_weights(machine, len(start)),
        categories=stored_categories(document) if trees else (None,) * count,
    )


def _forest(machine: dict[str, Any]) -> dict[str, Any]:
    """The part that holds the trees; dart wraps it once more."""
    forest: dict[str, Any] = machine["gbtree"]["model"] if "gbtree" in machine else machine["model"]
    return forest


def _rounds(machine: dict[str, Any]) -> Iterator[tuple[SavedTree, ...]]:
    forest = _forest(machine)
    weights = machine.get("weight_drop", [None] * len(forest["trees"]))
    trees = [
        SavedTree(lists, group, weight)
        for lists, group, weight in zip(forest["trees"], forest["tree_info"], weights, strict=True)
    ]
    ends = forest["iteration_indptr"]
    for first, last in pairwise(ends):
        yield tuple(trees[first:last])


def _linear_weights(machine: dict[str, Any], outputs: int) -> tuple[tuple[float, ...], ...]:
    weights = machine["model"]["weights"]
    return tuple(
        tuple(weights[first : first + outputs]) for first in range(0, len(weights), outputs)
    )


def starting_margin(document: dict[str, Any], booster: Any, count: int) -> tuple[float, ...]:
    """What the library predicts for each output when every leaf and weight is zero."""
    import numpy as np  # noqa: PLC0415 - kept beside xgboost, which needs it
    import xgboost  # noqa: PLC0415 - it is optional

    zeroed = booster
    machine = document["learner"]["gradient_booster"]
    if machine["name"] == "gblinear" or _forest(machine)["trees"]:
        learner = {**document["learner"], "gradient_booster": _zeroed(machine)}
        text = json.dumps({**document, "learner": learner})
        zeroed = xgboost.Booster(model_file=bytearray(text, "utf-8"))
    row = xgboost.DMatrix(np.full((1, count), np.nan, dtype=np.float32))
    margin = zeroed.predict(row, output_margin=True, validate_features=False)
    return tuple(float(value) for value in margin.ravel())


def _zeroed(machine: dict[str, Any]) -> dict[str, Any]:
    """The same with the first round only and nothing but zeros in its leaves."""
    if machine["name"] == "gblinear":
        model = machine["model"]
        return {**machine, "model": {**model, "weights": [0.0] * len(model["weights"])}}
    forest = _forest(machine)
    size = forest["iteration_indptr"][1]
    small = {
        **forest,
        "trees": [_zeroed_tree(tree) for tree in forest["trees"][:size]],
        "tree_info": forest["tree_info"][:size],
        "iteration_indptr": [0, size],
        "gbtree_model_param": {**forest["gbtree_model_param"], "num_trees": str(size)},
    }
    if "gbtree" not in machine:
        return {**machine, "model": small}
    weights = machine["weight_drop"][:size]
    return {**machine, "gbtree": {**machine["gbtree"], "model": small}, "weight_drop": weights}


def _zeroed_tree(tree: dict[str, Any]) -> dict[str, Any]:
    zeros: dict[str, Any] = {
        name: [0.0] * len(tree[name]) for name in ("leaf_weights", "base_weights") if name in tree
    }
    conditions = zip(tree["left_children"], tree["split_conditions"], strict=True)
    splits = [0.0 if left == LEAF else value for left, value in conditions]
    return {**tree, **zeros, "split_conditions": splits}


def stored_categories(document: dict[str, Any]) -> tuple[tuple[Scalar, ...] | None, ...]:
    """The categories of each column in the order of their codes.

    Models of XGBoost before 3.1 do not store them; then the codes are all there is.

    Raises:
        UnsupportedModelError: text that the library has cut.
    """
    learner = document["learner"]
    none: tuple[None, ...] = (None,) * int(learner["learner_model_param"]["num_feature"])
    stored = _forest(learner["gradient_booster"]).get("cats")
    if stored is None or not stored["enc"]:
        return none
    return tuple(_categories(column, place) for place, column in enumerate(stored["enc"]))


def _categories(column: dict[str, Any], place: int) -> tuple[Scalar, ...] | None:
    values = column["values"]
    if not values:
        return None
    if "offsets" not in column:
        return tuple(int(value) for value in values)
    if min(values) < 0:
        # XGBoost counts letters where it should count bytes: what it stores then is not the text.
        raise UnsupportedModelError(
            f"column {place} (from 0) has categories outside ASCII, which XGBoost stores cut off",
            hint="train with categories in ASCII, or with integers",
        )
    ends = column["offsets"]
    return tuple(bytes(values[first:last]).decode("ascii") for first, last in pairwise(ends))


def column_types(booster: Any) -> tuple[DType | None, ...]:
    """The type that each column had in training, None for any number.

    A category whose text is not stored is its code, an integer.
    """
    types = booster.feature_types or [""] * booster.num_features()
    categories = kept_categories(booster)
    return tuple(
        _category_type(known) if kind == CATEGORY else TYPES.get(kind)
        for kind, known in zip(types, categories, strict=True)
    )


def _category_type(known: tuple[Scalar, ...] | None) -> DType:
    return DType.TEXT if known is not None and isinstance(known[0], str) else DType.INT64


def kept_categories(booster: Any) -> tuple[tuple[Scalar, ...] | None, ...]:
    """The stored categories of each column."""
    document = _with_categories(booster)
    return (None,) * booster.num_features() if document is None else stored_categories(document)


def index_types(booster: Any) -> tuple[str | None, ...]:
    """The NumPy type of each column's categories where they are integers.

    The library refuses a table whose categories are of another type than in training.
    """
    document = _with_categories(booster)
    none: tuple[str | None, ...] = (None,) * booster.num_features()
    if document is None:
        return none
    stored = _forest(document["learner"]["gradient_booster"]).get("cats")
    if stored is None or not stored["enc"]:
        return none
    return tuple(INDEX_TYPES.get(column.get("type")) for column in stored["enc"])


def _with_categories(booster: Any) -> dict[str, Any] | None:
    """The JSON, which may be large, of a model that has categories."""
    if CATEGORY not in (booster.feature_types or ()):
        return None
    document: dict[str, Any] = json.loads(bytes(booster.save_raw("json")))
    return document
