"""Canonical JSON: equal Programs give equal bytes, and reading back gives an equal Program."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from procgen.errors import CorruptFileError, InvalidProgramError
from procgen.ir.codec import decode, digest, encode
from procgen.ir.expressions import Column, Comparison, Interval, Threshold
from procgen.ir.program import Requirement
from procgen.ir.trees import Ensemble, Leaf, Split, Tree
from procgen.ir.types import DType
from tests.golden_models import PROGRAMS, boosted_classifier


@pytest.mark.parametrize("name", PROGRAMS)
def test_reading_back_gives_an_equal_program(name: str) -> None:
    program = PROGRAMS[name]()
    assert decode(encode(program)) == program
    assert encode(decode(encode(program))) == encode(program)


def with_leaf(value: float):
    program = boosted_classifier()
    tree = Tree(
        (
            Split(0, Threshold(Comparison.LE, math.inf, DType.FLOAT64), True, 1, 2),
            Leaf((value,)),
            Leaf((0.0,)),
        )
    )
    binding = program.bindings[0]
    assert isinstance(binding.value, Ensemble)
    changed = replace(binding, value=replace(binding.value, trees=(tree,)))
    return replace(program, bindings=(changed, *program.bindings[1:]))


@pytest.mark.parametrize("value", [5e-324, -0.0, 1.7976931348623157e308, math.inf, 0.1 + 0.2])
def test_every_double_survives(value: float) -> None:
    back = decode(encode(with_leaf(value)))
    leaf = back.bindings[0].value.trees[0].nodes[1]
    assert leaf.values == (value,)
    assert math.copysign(1, leaf.values[0]) == math.copysign(1, value)


def test_negative_zero_is_another_model() -> None:
    assert digest(with_leaf(0.0)) != digest(with_leaf(-0.0))


def test_an_infinite_interval_survives() -> None:
    program = boosted_classifier()
    requirement = Requirement(Column("age"), Interval(-math.inf, math.inf), True, "never")
    changed = replace(program, requirements=(requirement,))
    assert decode(encode(changed)) == changed


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"format":1}', '{"format":1,"program":{"kind":"Nothing"}}'],
)
def test_damage_is_named(text: str) -> None:
    with pytest.raises(CorruptFileError):
        decode(text)


def test_a_newer_format_asks_for_an_upgrade() -> None:
    tree = json.loads(encode(boosted_classifier())) | {"format": 99}
    with pytest.raises(CorruptFileError, match="upgrade procgen"):
        decode(json.dumps(tree))


def test_a_well_formed_but_invalid_program_is_refused() -> None:
    text = encode(boosted_classifier()).replace('"name":"visits"', '"name":"calls"', 1)
    with pytest.raises(InvalidProgramError):
        decode(text)


def test_every_truncation_is_refused() -> None:
    text = encode(boosted_classifier())
    for end in range(0, len(text), 97):
        with pytest.raises((CorruptFileError, InvalidProgramError)):
            decode(text[:end])
