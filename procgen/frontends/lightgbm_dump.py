"""What `Booster.dump_model` gives, as the text that LightGBM loads: the same bits."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from procgen.errors import CorruptFileError
from procgen.frontends.lightgbm_text import BITS_OF_A_WORD, CATEGORICAL_BIT, END, LEVELS

DEFAULT_LEFT_BIT = 2
MISSING_TYPES = {"None": 0, "Zero": 4, "NaN": 8}
Node = Mapping[str, Any]


def text_of_dump(dump: Mapping[str, Any]) -> str:
    """Write the text form of a dumped model.

    Raises:
        CorruptFileError: not what `dump_model` gives, or damaged.
    """
    try:
        return "\n".join((*_header(dump), "", *_trees(dump), END, "", *_levels(dump), ""))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise CorruptFileError(f"this is no dump of a LightGBM model: {error!r}") from error


def _header(dump: Mapping[str, Any]) -> Iterator[str]:
    names = dump["feature_names"]
    yield "tree"
    yield f"version={dump['version']}"
    for key in ("num_class", "num_tree_per_iteration", "label_index", "max_feature_idx"):
        yield f"{key}={int(dump[key])}"
    if "objective" in dump:
        yield f"objective={dump['objective']}"
    if dump.get("average_output"):
        yield "average_output"
    yield f"feature_names={' '.join(names)}"
    ranges = dump.get("feature_infos", {})  # dumps of LightGBM 2 have none
    yield f"feature_infos={' '.join(_range(ranges.get(name)) for name in names)}"


def _range(info: Mapping[str, Any] | None) -> str:
    if info is None:
        return "none"
    if info["values"]:
        return ":".join(str(int(value)) for value in info["values"])
    return f"[{info['min_value']!r}:{info['max_value']!r}]"


def _trees(dump: Mapping[str, Any]) -> Iterator[str]:
    for number, tree in enumerate(dump["tree_info"]):
        yield f"Tree={number}"
        yield from _tree(tree)
        yield ""


def _tree(tree: Mapping[str, Any]) -> Iterator[str]:
    inner, leaves = _nodes(tree["tree_structure"], tree["num_leaves"])
    sets = [_bitset(node["threshold"]) for node in inner if _is_categorical(node)]
    places = iter(range(len(sets)))
    thresholds = [
        next(places) if _is_categorical(node) else float(node["threshold"]) for node in inner
    ]
    yield f"num_leaves={len(leaves)}"
    yield f"num_cat={len(sets)}"
    yield _line("split_feature", (int(node["split_feature"]) for node in inner))
    yield _line("threshold", thresholds)
    yield _line("decision_type", map(_decision, inner))
    yield _line("left_child", (_place(node["left_child"]) for node in inner))
    yield _line("right_child", (_place(node["right_child"]) for node in inner))
    yield _line("leaf_value", (float(leaf["leaf_value"]) for leaf in leaves))
    if sets:
        ends = [sum(map(len, sets[:count])) for count in range(len(sets) + 1)]
        yield _line("cat_boundaries", ends)
        yield _line("cat_threshold", (word for words in sets for word in words))
    yield from _linear(leaves)
    yield f"shrinkage={tree['shrinkage']!r}"


def _line(key: str, values: Any) -> str:
    return f"{key}={' '.join(map(repr, values))}"


def _nodes(root: Node, leaf_count: int) -> tuple[list[Node], list[Node]]:
    """Inner nodes and leaves in the order of their own numbers."""
    inner: dict[int, Node] = {}
    leaves: dict[int, Node] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if "split_index" in node:
            inner[node["split_index"]] = node
            waiting += (node["right_child"], node["left_child"])
        else:
            leaves[node.get("leaf_index", 0)] = node
    if len(leaves) != leaf_count or len(inner) != leaf_count - 1:
        raise ValueError("a tree lacks nodes")
    return [inner[i] for i in range(len(inner))], [leaves[i] for i in range(len(leaves))]


def _linear(leaves: list[Node]) -> Iterator[str]:
    is_linear = all("leaf_const" in leaf for leaf in leaves)
    yield f"is_linear={int(is_linear)}"
    if is_linear:
        yield _line("leaf_const", (float(leaf["leaf_const"]) for leaf in leaves))
        yield _line("num_features", (len(leaf["leaf_features"]) for leaf in leaves))
        yield _line("leaf_features", (int(c) for leaf in leaves for c in leaf["leaf_features"]))
        yield _line("leaf_coeff", (float(w) for leaf in leaves for w in leaf["leaf_coeff"]))


def _place(node: Node) -> int:
    return int(node["split_index"]) if "split_index" in node else ~int(node["leaf_index"])


def _is_categorical(node: Node) -> bool:
    return bool(node["decision_type"] == "==")


def _decision(node: Node) -> int:
    to_left = DEFAULT_LEFT_BIT if node["default_left"] else 0
    kind = CATEGORICAL_BIT if _is_categorical(node) else 0
    return kind | to_left | MISSING_TYPES[node["missing_type"]]


def _bitset(threshold: Any) -> list[int]:
    """`0||3||40` as words of 32 bits."""
    members = [int(member) for member in str(threshold).split("||") if member]
    words = [0] * (max(members, default=0) // BITS_OF_A_WORD + 1)
    for member in members:
        words[member // BITS_OF_A_WORD] |= 1 << member % BITS_OF_A_WORD
    return words


def _levels(dump: Mapping[str, Any]) -> Iterator[str]:
    yield f"{LEVELS}{json.dumps(dump.get('pandas_categorical'))}"
