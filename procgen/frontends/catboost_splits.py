"""The questions that CatBoost's trees ask, by their number: columns, one-hot values, statistics."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from procgen.errors import UnsupportedModelError
from procgen.frontends.catboost_categories import Categories, read_statistic
from procgen.frontends.catboost_documents import FloatFeature, Json, float32, take
from procgen.frontends.catboost_trees import BinarySplit, nested_tree, oblivious_tree
from procgen.frontends.labels import to_number
from procgen.ir.expressions import Comparison, Expr, Membership, Threshold
from procgen.ir.trees import Ensemble, collector_paused
from procgen.ir.types import DType

Signature = tuple[str, int, float]
"""What a split says of itself: its kind, the number of its column or 0, its border or hash."""


@dataclass(frozen=True, slots=True)
class Questions:
    """The features of an ensemble, and each split by its number in the model."""

    features: tuple[Expr, ...]
    splits: tuple[tuple[Signature, BinarySplit], ...]

    def find(self, split: Json) -> BinarySplit:
        """The split that a tree means.

        Raises:
            UnsupportedModelError: the model numbers its splits otherwise.
        """
        number = int(take(split, "split_index", "a split"))
        if not number < len(self.splits) or self.splits[number][0] != _signature(split):
            raise UnsupportedModelError(
                f"split {number} of this CatBoost model is not the one that its columns list there",
                hint="save the model again with CatBoost 1.2 or newer",
            )
        return self.splits[number][1]


def _signature(split: Json) -> Signature:
    where = "a split"
    kind = take(split, "split_type", where)
    match kind:
        case "FloatFeature":
            column = int(take(split, "float_feature_index", where))
            return kind, column, float32(take(split, "border", where))
        case "OneHotFeature":
            return kind, int(take(split, "cat_feature_index", where)), take(split, "value", where)
        case "OnlineCtr":
            return kind, 0, float32(take(split, "border", where))
        case _:
            raise UnsupportedModelError(
                f"this CatBoost model has a split of the kind {kind}",
                hint="train it on numbers and categories",
            )


def read_ensemble(known: Categories) -> Ensemble:
    """Every tree of the model; a sum starts at 0.0."""
    document = known.document
    outputs = tuple(range(_width(document.trees[0], oblivious=document.oblivious)))
    with collector_paused():
        questions = ask(known)
        read = oblivious_tree if document.oblivious else nested_tree
        trees = tuple(read(tree, questions.find, outputs) for tree in document.trees)
    return Ensemble(questions.features, trees, (0.0,) * len(outputs))


def _width(tree: Json, *, oblivious: bool) -> int:
    if oblivious:
        return len(take(tree, "leaf_values", "a tree")) >> len(tree.get("splits") or ())
    while "value" not in tree:
        tree = take(tree, "left", "a node")
    value = tree["value"]
    return len(value) if isinstance(value, list) else 1


def ask(known: Categories) -> Questions:
    """The splits in CatBoost's order: numeric columns, one-hot values, statistics."""
    features: dict[Expr, int] = {}
    splits: list[tuple[Signature, BinarySplit]] = []
    for column in known.document.floats:
        if column.borders:
            place = features.setdefault(to_number(known.feature(column)), len(features))
            splits += _float_splits(column, place)
    for cat in known.document.cats:
        for value in cat.values:
            place = features.setdefault(known.feature(cat).expr, len(features))
            members = Membership(known.values(cat, value))
            split = BinarySplit(place, members, default_left=False, one_is_left=True)
            splits.append((("OneHotFeature", cat.index, value), split))
    for ctr in known.document.ctrs:
        statistic = read_statistic(ctr, known)
        place = features.setdefault(statistic.subject, len(features))
        for border in map(float32, take(ctr, "borders", "a target statistic")):
            test, is_above = statistic.above(border)
            # A missing category is refused before any split.
            split = BinarySplit(place, test, default_left=False, one_is_left=is_above)
            splits.append((("OnlineCtr", 0, border), split))
    return Questions(tuple(features), tuple(splits))


def _float_splits(column: FloatFeature, place: int) -> Iterator[tuple[Signature, BinarySplit]]:
    to_left = not column.missing_is_largest
    for border in column.borders:
        test = Threshold(Comparison.LE, border, DType.FLOAT32)
        split = BinarySplit(place, test, default_left=to_left, one_is_left=False)
        yield ("FloatFeature", column.index, border), split
