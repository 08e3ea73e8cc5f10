"""Stumps become step functions: one tree for each feature, whose leaves are correctly rounded sums.

    (a <= 1 ? 2 : 3) + (a <= 4 ? 5 : 6)    a <= 1 ? 7 : a <= 4 ? 8 : 9

A missing value has a sum of its own, since each stump may send it to another side. The thresholds
of a feature are searched, so that a row pays for their logarithm and not for each of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from procgen.ir.expressions import Comparison, Membership, Test, Threshold
from procgen.ir.program import Program
from procgen.ir.stumps import Stump, Values, stump_of
from procgen.ir.trees import Ensemble, Leaf, Node, Split, Tree
from procgen.ir.types import DType
from procgen.ir.typing import Typing
from procgen.ir.walk import rewrite_ensembles

LARGEST_INT64 = 2**63 - 1


def as_steps(program: Program) -> Program:
    """Make step functions of every ensemble of stumps whose order is free."""
    typing = Typing.of(program)
    return rewrite_ensembles(program, lambda one: _stepped(one, typing) if one.any_order else one)


class _Key(NamedTuple):
    """What stumps have in common that become one step function.

    Thresholds on one feature can be sorted where they compare in one precision; sets of categories
    cannot, and only equal ones that also send a missing value to the same side are one.
    """

    feature: int
    outputs: tuple[int, ...]
    precision: DType | None
    members: Membership | None
    default_left: bool | None


def _stepped(ensemble: Ensemble, typing: Typing) -> Ensemble:
    stumps: dict[_Key, list[Stump]] = {}
    bases = [[base] for base in ensemble.base_score]
    for tree in ensemble.trees:
        match stump_of(tree):
            case Leaf(values):
                for output, value in zip(tree.outputs, values, strict=True):
                    bases[output].append(value)
            case Stump(split, _, _) as stump:
                stumps.setdefault(_key(split, tree), []).append(stump)
    may_be_missing = [typing.may_be_missing(feature) for feature in ensemble.features]
    trees = (_tree(key, found, may_be_missing[key.feature]) for key, found in stumps.items())
    base_score = tuple(base[0] if len(base) == 1 else math.fsum(base) for base in bases)
    return replace(ensemble, trees=tuple(trees), base_score=base_score, any_order=False)


def _key(split: Split, tree: Tree) -> _Key:
    match split.test:
        case Threshold(_, _, precision):
            return _Key(split.feature, tree.outputs, precision, None, None)
        case members:
            return _Key(split.feature, tree.outputs, None, members, split.default_left)


def _tree(key: _Key, stumps: Sequence[Stump], may_be_missing: bool) -> Tree:  # noqa: FBT001 - of the feature
    at: dict[Test, list[Stump]] = {}
    for stump in stumps:
        at.setdefault(stump.split.test, []).append(stump)
    tests = sorted(at, key=_place)
    values = _values([at[test] for test in tests])
    if key.precision is not None and may_be_missing:
        _add_missing(tests, values, stumps, key.precision)
    default_left = bool(key.default_left)
    return Tree(_search(key.feature, tests, values, default_left=default_left), key.outputs)


def _add_missing(
    tests: list[Test], values: list[Values], stumps: Sequence[Stump], precision: DType
) -> None:
    """A missing value fails every test; so it needs one more, which every number passes.

    It is the last of all, so that the rows of the highest interval alone pay for it.
    """
    missing = tuple(map(math.fsum, zip(*(stump.missing for stump in stumps), strict=True)))
    if missing != values[-1]:
        largest = LARGEST_INT64 if precision is DType.INT64 else math.inf
        tests.append(Threshold(Comparison.LE, largest, precision))
        values.append(missing)


def _place(test: Test) -> tuple[float | int, bool]:
    """The place of a threshold among others: `x < 1` holds of less than `x <= 1`."""
    match test:
        case Threshold(op, value, _):
            return value, op is Comparison.LE
        case Membership():
            return 0, False


def _values(groups: Sequence[Sequence[Stump]]) -> list[Values]:
    """The sums in each interval between the tests, from the lowest on.

    They are made as fractions, which lose nothing however many stumps are added and taken away.
    """
    every = [stump for group in groups for stump in group]
    sums = [sum(map(Fraction, column)) for column in zip(*(s.left for s in every), strict=True)]
    values = [tuple(map(float, sums))]
    for group in groups:
        for stump in group:
            for place, (left, right) in enumerate(zip(stump.left, stump.right, strict=True)):
                sums[place] += Fraction(right) - Fraction(left)
        values.append(tuple(map(float, sums)))
    return values


def _search(
    feature: int, tests: Sequence[Test], values: Sequence[Values], *, default_left: bool
) -> tuple[Node, ...]:
    """A balanced search among sorted tests, in preorder."""
    nodes: list[Node] = []
    waiting = [(0, len(tests))]
    while waiting:
        low, high = waiting.pop()
        if low == high:
            nodes.append(Leaf(values[low]))
            continue
        middle = (low + high) // 2
        below = 2 * (middle - low) + 1  # nodes of the left side
        left = len(nodes) + 1
        nodes.append(Split(feature, tests[middle], default_left, left, left + below))
        waiting += ((middle + 1, high), (low, middle))
    return tuple(nodes)
