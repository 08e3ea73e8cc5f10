"""Programs as canonical JSON: equal Programs, equal bytes; reading back gives an equal Program."""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
import math
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any

from procgen.errors import CorruptFileError
from procgen.ir import expressions, program, trees
from procgen.ir.check import check
from procgen.ir.expressions import Comparison, Membership, Test, Threshold
from procgen.ir.program import Program
from procgen.ir.remembered import remembered
from procgen.ir.trees import Leaf, Node, Split, Tree
from procgen.ir.types import DType, Field, ListType

FORMAT = 1
"""Raised by one whenever an older reader would misunderstand a newer file."""

_CLASSES: dict[str, type] = {
    cls.__name__: cls
    for module in (expressions, trees, program)
    for cls in vars(module).values()
    if dataclasses.is_dataclass(cls) and isinstance(cls, type)
} | {"Field": Field, "ListType": ListType}


def encode(value: Program) -> str:
    """Canonical JSON: sorted keys, no spaces, the shortest decimal of each double."""
    tree = {"format": FORMAT, "program": _encode(value)}
    return json.dumps(
        tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


@remembered
def digest(value: Program) -> str:
    """sha256 of the canonical JSON, in hexadecimal: what "the same model" means."""
    return hashlib.sha256(encode(value).encode("utf-8")).hexdigest()


def decode(text: str) -> Program:
    """Read canonical JSON back.

    Raises:
        CorruptFileError: not such a file, or of a newer format.
        InvalidProgramError: well formed, but not a valid Program.
    """
    try:
        tree = json.loads(text)
    except ValueError as error:
        raise CorruptFileError("this is not a procgen program") from error
    return from_json(tree)


def from_json(tree: Any) -> Program:
    """The same of values that were JSON.

    Raises:
        CorruptFileError: no such values, or of a newer format.
        InvalidProgramError: well formed, but not a valid Program.
    """
    try:
        version = tree["format"]
    except (TypeError, KeyError) as error:
        raise CorruptFileError("this is not a procgen program") from error
    if version != FORMAT:
        raise CorruptFileError(
            f"the program has format {version!r}, and this version reads {FORMAT}",
            hint="upgrade procgen",
        )
    try:
        return check(typing.cast("Program", _decode(tree["program"])))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise CorruptFileError(f"the program is damaged: {error!r}") from error


def _encode(value: Any) -> Any:
    match value:
        case Tree(nodes, outputs):
            return {
                "kind": "Tree",
                "nodes": [_encode_node(node) for node in nodes],
                "outputs": list(outputs),
            }
        case enum.Enum():
            return value.value
        case float() if not math.isfinite(value):
            return {"float": repr(value)}
        case None | bool() | int() | float() | str():
            return value
        case tuple():
            return [_encode(item) for item in value]
        case _:
            fields = {
                f.name: _encode(getattr(value, f.name))
                for f in dataclasses.fields(value)
                if not (f.metadata.get("omitted") and getattr(value, f.name) == f.default)
            }
            return {"kind": type(value).__name__} | fields


def _encode_node(node: Node) -> list[Any]:
    # A list and not an object: an ensemble has 100,000s of nodes.
    if isinstance(node, Leaf):
        return ["leaf", *map(_encode_number, node.values)]
    tag, value = _encode_test(node.test)
    return [tag, node.feature, value, int(node.default_left), node.left, node.right]


def _encode_number(value: float) -> Any:
    return value if math.isfinite(value) else {"float": repr(value)}


def _encode_test(test: Test) -> tuple[str, Any]:
    match test:
        case Threshold(op, value, precision):
            return f"{op.value}:{precision.value}", _encode_number(value)
        case Membership(categories):
            return "in", _encode(categories)


def _decode(value: Any) -> Any:
    match value:
        case {"float": text}:
            return float(text)
        case {"kind": "Tree"}:
            nodes = tuple(_decode_node(node) for node in value["nodes"])
            return Tree(nodes, tuple(value["outputs"]))
        case {"kind": kind}:
            return _decode_object(_CLASSES[kind], value)
        case list():
            return tuple(_decode(item) for item in value)
        case _:
            return value


def _decode_object(cls: type, value: Mapping[str, Any]) -> Any:
    enums = _enum_fields(cls)
    fields = {name: _decode(item) for name, item in value.items() if name != "kind"}
    for name, kind in enums.items():
        if isinstance(fields.get(name), str):
            fields[name] = kind(fields[name])
    return cls(**fields)


@cache
def _enum_fields(cls: type) -> dict[str, type[enum.Enum]]:
    """Fields that hold a member of an enumeration, alone or as one side of a union."""
    found: dict[str, type[enum.Enum]] = {}
    for name, hint in typing.get_type_hints(cls).items():
        sides = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
        for side in sides:
            if isinstance(side, type) and issubclass(side, enum.Enum):
                found[name] = side
    return found


def _decode_node(node: list[Any]) -> Node:
    tag, *rest = node
    if tag == "leaf":
        return Leaf(tuple(map(_decode_number, rest)))
    feature, value, default_left, left, right = rest
    return Split(feature, _decode_test(tag, value), bool(default_left), left, right)


def _decode_number(value: Any) -> Any:
    return value if type(value) is float else _decode(value)


def _decode_test(tag: str, value: Any) -> Test:
    if tag == "in":
        return Membership(_decode(value))
    op, precision = tag.split(":")
    return Threshold(Comparison(op), _decode_number(value), DType(precision))
