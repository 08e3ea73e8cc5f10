"""LightGBM's own text form, read strictly: a missing key or a wrong count is a damaged file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any, TypeVar

from procgen.errors import CorruptFileError, UnsupportedModelError

VERSIONS = frozenset({"v2", "v3", "v4"})
END = "end of trees"
LEVELS = "pandas_categorical:"
CATEGORICAL_BIT = 1
BITS_OF_A_WORD = 32
UNUSED = "none"
Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True)
class LinearLeaf:
    """`constant + weight * column + ...` in this order; `fallback` where one is missing."""

    constant: float
    columns: tuple[int, ...]
    weights: tuple[float, ...]
    fallback: float


@dataclass(frozen=True, slots=True)
class SavedTree:
    """One tree. Children count inner nodes from 0 and leaves as ~0, ~1, ...

    Attributes:
        features: for each inner node the column that it tests.
        thresholds: a number, or for a categorical node an index into `sets`.
        decisions: bits: 1 categorical, 2 missing goes left, then two of the kind of missing value.
        left: children where the test holds.
        right: the other children.
        sets: the categories that go left.
        leaves: what each leaf adds.
        linear: the linear model of each leaf, if one has a column.
    """

    features: tuple[int, ...]
    thresholds: tuple[float, ...]
    decisions: tuple[int, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    sets: tuple[tuple[int, ...], ...]
    leaves: tuple[float, ...]
    linear: tuple[LinearLeaf, ...]


@dataclass(frozen=True, slots=True)
class Header:
    """All but the trees.

    Attributes:
        names: the columns.
        ranges: for each column `[low:high]`, its categories as `2:0:1`, or `none` if it is unused.
        categorical: the columns that splits test for membership.
        levels: the levels of each column that pandas held as a category, in the columns' order.
        objective: a name and its options, such as `binary sigmoid:1`; empty if the user's own.
        width: how many values a row gets.
        averages: whether scores are means over the iterations (boosting=rf).
        tree_count: how many trees follow.
    """

    names: tuple[str, ...]
    ranges: tuple[str, ...]
    categorical: frozenset[int]
    levels: tuple[tuple[Any, ...], ...]
    objective: tuple[str, ...]
    width: int
    averages: bool
    tree_count: int


def read_header(text: str) -> Header:
    """Read all but the trees.

    Raises:
        CorruptFileError: not LightGBM's text, or damaged.
        UnsupportedModelError: a version of the form that is not known.
    """
    head, _, _ = text.partition("\nTree=")
    head, _, _ = head.partition(f"\n{END}")
    first, _, rest = head.partition("\n")
    if first.strip() != "tree":
        raise CorruptFileError(
            "this is not LightGBM's text: it does not begin with the line 'tree'"
        )
    fields = _fields(rest)
    version = _field(fields, "version")
    if version not in VERSIONS:
        raise UnsupportedModelError(
            f"LightGBM's text has the version {version!r}, and {', '.join(sorted(VERSIONS))} are"
            " read",
            hint="save the model with LightGBM 4",
        )
    names = tuple(_field(fields, "feature_names").split(" "))
    count = _numbers(fields, "max_feature_idx", int, 1)[0] + 1
    ranges = tuple(_field(fields, "feature_infos").split(" "))
    if len(names) != count or len(ranges) != count:
        raise CorruptFileError(f"the text names {len(names)} columns, and the trees have {count}")
    return Header(
        names=names,
        ranges=ranges,
        categorical=_categorical(text, ranges),
        levels=_levels(text),
        objective=tuple(fields.get("objective", "").split()),
        width=_numbers(fields, "num_tree_per_iteration", int, 1)[0],
        averages="average_output" in fields,
        tree_count=len(_field(fields, "tree_sizes").split()),
    )


def read_trees(text: str) -> tuple[SavedTree, ...]:
    """Read the trees, and demand that all are there.

    Raises:
        CorruptFileError: a tree is damaged or missing.
    """
    body, end, _ = text.partition(f"\n{END}")
    if not end:
        raise CorruptFileError("LightGBM's text ends before its last tree")
    blocks = body.split("\nTree=")[1:]
    expected = read_header(text).tree_count
    if len(blocks) != expected:
        raise CorruptFileError(f"LightGBM's text has {len(blocks)} trees of {expected}")
    numbers = [block.partition("\n")[0].strip() for block in blocks]
    if numbers != [str(number) for number in range(expected)]:
        raise CorruptFileError("LightGBM's text has its trees out of order")
    return tuple(_tree(_fields(block)) for block in blocks)


def _fields(block: str) -> dict[str, str]:
    lines = (line.partition("=") for line in block.split("\n"))
    return {key.strip(): value.strip() for key, _, value in lines}


def _field(fields: dict[str, str], key: str) -> str:
    try:
        return fields[key]
    except KeyError as error:
        raise CorruptFileError(f"LightGBM's text lacks {key!r}") from error


def _numbers(
    fields: dict[str, str], key: str, kind: Callable[[str], Number], count: int
) -> tuple[Number, ...]:
    try:
        numbers = tuple(map(kind, _field(fields, key).split()))
    except ValueError as error:
        raise CorruptFileError(f"LightGBM's text has no numbers in {key!r}") from error
    if len(numbers) != count:
        raise CorruptFileError(f"LightGBM's text has {len(numbers)} of {count} numbers in {key!r}")
    return numbers


def _tree(fields: dict[str, str]) -> SavedTree:
    leaves = _numbers(fields, "num_leaves", int, 1)[0]
    inner = leaves - 1
    is_linear = fields.get("is_linear", "0") != "0"
    left, right = (_numbers(fields, f"{side}_child", int, inner) for side in ("left", "right"))
    _require_tree(left, right, leaves)
    return SavedTree(
        features=_numbers(fields, "split_feature", int, inner),
        thresholds=_numbers(fields, "threshold", float, inner),
        decisions=_numbers(fields, "decision_type", int, inner),
        left=left,
        right=right,
        sets=_sets(fields),
        leaves=_numbers(fields, "leaf_const" if is_linear else "leaf_value", float, leaves),
        linear=_linear(fields, leaves) if is_linear else (),
    )


def _linear(fields: dict[str, str], leaves: int) -> tuple[LinearLeaf, ...]:
    widths = _numbers(fields, "num_features", int, leaves)
    if not any(widths):
        return ()
    columns = iter(_numbers(fields, "leaf_features", int, sum(widths)))
    weights = iter(_numbers(fields, "leaf_coeff", float, sum(widths)))
    constants = _numbers(fields, "leaf_const", float, leaves)
    fallbacks = _numbers(fields, "leaf_value", float, leaves)
    return tuple(
        LinearLeaf(constant, tuple(islice(columns, n)), tuple(islice(weights, n)), fallback)
        for n, constant, fallback in zip(widths, constants, fallbacks, strict=True)
    )


def _require_tree(left: tuple[int, ...], right: tuple[int, ...], leaves: int) -> None:
    """Each node but the root has one parent, which comes before it: so there are no cycles."""
    expected = [*range(-leaves, 0), *range(1, leaves - 1)] if left else []
    forward = all(
        child < 0 or child > node for side in (left, right) for node, child in enumerate(side)
    )
    if not forward or sorted((*left, *right)) != expected:
        raise CorruptFileError("LightGBM's text has nodes that do not form a tree")


def _sets(fields: dict[str, str]) -> tuple[tuple[int, ...], ...]:
    count = _numbers(fields, "num_cat", int, 1)[0]
    if not count:
        return ()
    bounds = _numbers(fields, "cat_boundaries", int, count + 1)
    words = _numbers(fields, "cat_threshold", int, bounds[-1])
    return tuple(
        tuple(
            BITS_OF_A_WORD * place + bit
            for place, word in enumerate(words[start:stop])
            for bit in range(BITS_OF_A_WORD)
            if word >> bit & 1
        )
        for start, stop in pairwise(bounds)
    )


def is_listed(values: str) -> bool:
    """Whether what a column held is a list of categories."""
    return values != UNUSED and not values.startswith("[")


def _categorical(text: str, ranges: tuple[str, ...]) -> frozenset[int]:
    """Columns in the line `[categorical_feature: 0,3]`, which not every form has, or with lists."""
    _, found, rest = text.partition("\n[categorical_feature: ")
    places = rest.partition("]")[0].split(",") if found else []
    listed = {place for place, values in enumerate(ranges) if is_listed(values)}
    named = {int(place) for place in places if place.isdecimal()}
    return frozenset(listed | {place for place in named if place < len(ranges)})


def _levels(text: str) -> tuple[tuple[Any, ...], ...]:
    _, found, rest = text.rpartition(f"\n{LEVELS}")
    if not found:
        return ()
    try:
        levels = json.loads(rest)
    except ValueError as error:
        raise CorruptFileError(f"LightGBM's text has no JSON after {LEVELS!r}") from error
    return tuple(tuple(one) for one in levels or ())
