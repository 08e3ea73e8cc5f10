"""CatBoost's JSON form, read strictly: the library's own reader of it loses the last bit of leaves.

A fitted model is written in that form and read back here, so that a model and its file are one.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from procgen.errors import UnfittedModelError, UnsupportedModelError

REMEMBERED = "procgen_categories_"
"""The attribute of a model that holds the texts of its categories by their hashes."""
EMPTY_SLOT = 2**64 - 1
"""The key that the JSON form writes for an unused slot of a table."""
WEIGHTS = frozenset({"weight", "leaf_weights"})
"""Entries that do not change a score, and do not survive CatBoost's reader of JSON."""
FEATURE_KINDS = frozenset({"float_features", "categorical_features", "ctrs", "cat_features_hash"})

Texts = Mapping[int, tuple[str, ...]]
"""The texts that have a hash, by the hash as a signed 32-bit number."""
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FloatFeature:
    """A numeric column: its place among all columns, its borders, and where NaN goes."""

    column: int
    index: int
    borders: tuple[float, ...]
    missing_is_largest: bool


@dataclass(frozen=True, slots=True)
class CatFeature:
    """A categorical column: its place, and the hashes that one-hot splits compare with."""

    column: int
    index: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CountTable:
    """What training counted for each combination of categories, by the combination's hash."""

    counts: Mapping[int, tuple[float, ...]]
    denominator: int


@dataclass(frozen=True, slots=True)
class Document:
    """The parts of a model's JSON form that decide its scores.

    Attributes:
        floats: the numeric columns.
        cats: the categorical columns.
        ctrs: the target statistics, as the JSON form holds them.
        tables: the counts behind the target statistics.
        oblivious: whether `trees` are oblivious trees or nested nodes.
        trees: the trees, as the JSON form holds them.
        scale: what the sum of the leaves is multiplied by.
        bias: what is added then; one number, or one for each output.
        class_places: for each class that was seen in training, its place among the outputs.
    """

    floats: tuple[FloatFeature, ...]
    cats: tuple[CatFeature, ...]
    ctrs: tuple[Json, ...]
    tables: Mapping[str, CountTable]
    oblivious: bool
    trees: tuple[Json, ...]
    scale: float
    bias: tuple[float, ...]
    class_places: tuple[int, ...]


def take(part: Json, key: str, where: str) -> Any:
    """An entry that the JSON form always has.

    Raises:
        UnsupportedModelError: it is missing, so another version of CatBoost wrote it.
    """
    try:
        return part[key]
    except (KeyError, IndexError, TypeError) as error:
        raise UnsupportedModelError(
            f"the JSON form of this CatBoost model has no {key!r} in {where}",
            hint="save the model again with CatBoost 1.2 or newer",
        ) from error


def is_trained(model: Any) -> bool:
    """Whether there is anything to read."""
    return bool(model.is_fitted()) and bool(model.tree_count_)


def require_trained(model: Any) -> None:
    """Raise UnfittedModelError unless the model has trees, and a refusal for text or embeddings."""
    name = type(model).__name__
    if not is_trained(model):
        raise UnfittedModelError(f"this {name} has not been trained", hint="call fit() first")
    for kind, places in (
        ("text", model._get_text_feature_indices()),  # noqa: SLF001 - absent from older releases
        ("embedding", model._get_embedding_feature_indices()),  # noqa: SLF001
    ):
        if places:
            names = ", ".join(repr(model.feature_names_[place]) for place in places)
            raise UnsupportedModelError(
                f"this {name} has {kind} features ({names}), which CatBoost saves only as binary",
                hint="compute them before the model, and train it on numbers and categories",
            )


def json_of(model: Any, pool: Any = None) -> dict[str, Any]:
    """The JSON form of a fitted model; with a pool, the texts of its categories are in it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json", pool=pool)
        document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return document


def document_of(model: Any) -> Document:
    """Read a fitted model.

    Raises:
        UnfittedModelError: it has not been trained.
        UnsupportedModelError: it has text or embedding features, or its form is not known.
    """
    require_trained(model)
    return read_document(json_of(model))


def read_document(document: Json) -> Document:
    """Read the JSON form."""
    features = take(document, "features_info", "the model")
    unknown = features.keys() - FEATURE_KINDS
    if unknown:
        raise UnsupportedModelError(
            f"this CatBoost model has {', '.join(sorted(unknown))}, which no front-end reads",
            hint="train it on numbers and categories",
        )
    oblivious = "oblivious_trees" in document
    scale, bias = take(document, "scale_and_bias", "the model")
    trees = take(document, "oblivious_trees" if oblivious else "trees", "the model")
    return Document(
        floats=tuple(_float_feature(part) for part in features.get("float_features") or ()),
        cats=tuple(_cat_feature(part) for part in features.get("categorical_features") or ()),
        ctrs=tuple(features.get("ctrs") or ()),
        tables={key: _table(part) for key, part in (document.get("ctr_data") or {}).items()},
        oblivious=oblivious,
        trees=tuple(map(_without_weights, trees)),
        scale=float(scale),
        bias=tuple(map(float, bias)),
        class_places=_class_places(take(document, "model_info", "the model")),
    )


def _float_feature(part: Json) -> FloatFeature:
    where = "a float feature"
    treatment = take(part, "nan_value_treatment", where)
    if treatment not in ("AsIs", "AsFalse", "AsTrue"):
        raise UnsupportedModelError(
            f"a column of this CatBoost model treats NaN {treatment}, which no front-end reads",
            hint="train with nan_mode Min, Max or Forbidden",
        )
    return FloatFeature(
        column=int(take(part, "flat_feature_index", where)),
        index=int(take(part, "feature_index", where)),
        borders=tuple(float32(border) for border in take(part, "borders", where) or ()),
        # Without NaN in training nothing is substituted, and `NaN > border` is false.
        missing_is_largest=treatment == "AsTrue" and bool(take(part, "has_nans", where)),
    )


def _cat_feature(part: Json) -> CatFeature:
    where = "a categorical feature"
    return CatFeature(
        column=int(take(part, "flat_feature_index", where)),
        index=int(take(part, "feature_index", where)),
        values=tuple(int(value) for value in part.get("values") or ()),
    )


def _without_weights(tree: Json) -> Json:
    if "leaf_values" in tree:
        return {key: value for key, value in tree.items() if key not in WEIGHTS}
    # Nested nodes are walked by the JSON library, because their depth is the model's.
    plain: Json = json.loads(
        json.dumps(tree),
        object_pairs_hook=lambda pairs: {k: v for k, v in pairs if k not in WEIGHTS},
    )
    return plain


def _table(part: Json) -> CountTable:
    where = "a table of counts"
    stride, cells = take(part, "hash_stride", where), take(part, "hash_map", where)
    rows = [cells[at : at + stride] for at in range(0, len(cells), stride)]
    return CountTable(
        {int(row[0]): tuple(map(float, row[1:])) for row in rows if int(row[0]) != EMPTY_SLOT},
        int(take(part, "counter_denominator", where)),
    )


def _class_places(info: Json) -> tuple[int, ...]:
    return tuple(int(place) for place in info.get("class_params", {}).get("class_to_label", ()))


def float32(value: float) -> float:
    """The float32 that a decimal of the JSON form stands for, as a double."""
    return float(np.float32(value))


def texts_in(document: Json) -> dict[int, tuple[str, ...]]:
    """The texts of categories that a JSON form saved with a pool holds, by signed hash."""
    found: dict[int, tuple[str, ...]] = {}
    for entry in take(document, "features_info", "the model").get("cat_features_hash") or ():
        unsigned = int(take(entry, "hash", "the categories"))
        signed = unsigned - 2**32 if unsigned >= 2**31 else unsigned
        found[signed] = (*found.get(signed, ()), str(take(entry, "value", "the categories")))
    return found


def known_texts(model: Any) -> Texts | None:
    """The texts that `remember_categories` or a JSON file has given this model, or None."""
    texts: Texts | None = getattr(model, REMEMBERED, None)
    return texts


def remember_categories(model: Any, data: Any) -> None:
    """Tell a model the texts of its categories: a fitted model holds only their hashes.

    Args:
        model: a fitted CatBoost model; it gets one more attribute.
        data: the training data, as a DataFrame, an array or a `catboost.Pool`.
    """
    require_trained(model)
    setattr(model, REMEMBERED, texts_in(json_of(model, data)))


def leaf_values(document: Document) -> list[float]:
    """Every leaf value, in the order in which CatBoost numbers them after loading JSON."""
    if document.oblivious:
        return [float(v) for tree in document.trees for v in take(tree, "leaf_values", "a tree")]
    found: list[float] = []
    waiting: list[Json] = list(reversed(document.trees))
    while waiting:
        node = waiting.pop()
        if "value" in node:
            found += numbers(node["value"])
        else:
            waiting += take(node, "right", "a node"), take(node, "left", "a node")
    return found


def numbers(value: float | Sequence[float]) -> tuple[float, ...]:
    """One number or a list of them, as doubles."""
    return tuple(map(float, value)) if isinstance(value, Sequence) else (float(value),)
