"""Trees with linear models in their leaves: a tree finds the number of a leaf, which picks a sum.

A column within 1e-35 of zero counts as zero in LightGBM and as it is here: a score differs by at
most 1e-35 times the weights, which is nothing beside a constant that is not zero.
Source: `Tree::Predict` in LightGBM's tree.h.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from procgen.frontends.lightgbm_text import LinearLeaf, SavedTree
from procgen.frontends.lightgbm_trees import TreeReader
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Comparison,
    Element,
    Expr,
    Reference,
    Sum,
    Threshold,
    Vector,
    number,
)
from procgen.ir.program import Binding

PRESENT = Threshold(Comparison.LE, math.inf)
"""Any number but NaN."""


def linear_bindings(
    reader: TreeReader, trees: Sequence[SavedTree], name: str, leaves: str
) -> tuple[Binding, ...]:
    """An ensemble and the list of its sums: of each tree the leaf's number, or a plain one's value.

    The list has a name of its own, so that a tree is walked once however often it is asked for.
    """
    marked = [
        replace(tree, leaves=tuple(map(float, range(len(tree.leaves))))) if tree.linear else tree
        for tree in trees
    ]
    items = tuple(Element(Reference(name), place) for place in range(len(trees)))
    return (
        Binding(name, reader.ensemble(marked, len(trees))),
        Binding(leaves, Vector(items)),
    )


def linear_sums(
    reader: TreeReader, trees: Sequence[SavedTree], width: int, leaves: str
) -> tuple[Expr, ...]:
    """The raw scores: from 0.0, the trees in order; `leaves` is the list of `linear_bindings`."""
    terms: list[list[Expr]] = [[number(0.0)] for _ in range(width)]
    for place, tree in enumerate(trees):
        value: Expr = Element(Reference(leaves), place)
        if tree.linear:
            value = _picked(value, [_leaf(reader, leaf) for leaf in tree.linear])
        terms[place % width].append(value)
    # A margin that is a Sum itself would count as one that BLAS adds in an order of its own.
    return tuple(Binary(BinaryOp.ADD, Sum(tuple(one[:-1])), one[-1]) for one in terms)


def _picked(leaf: Expr, choices: Sequence[Expr], first: int = 0) -> Expr:
    """The choice at a number, by halving: as deep as the logarithm of the choices."""
    if len(choices) == 1:
        return choices[0]
    middle = len(choices) // 2
    return Branch(
        leaf,
        Threshold(Comparison.LE, float(first + middle - 1)),
        _picked(leaf, choices[:middle], first),
        _picked(leaf, choices[middle:], first + middle),
        number(0.0),  # there always is a leaf
    )


def _leaf(reader: TreeReader, leaf: LinearLeaf) -> Expr:
    fallback = number(leaf.fallback)
    values = [reader.value(column) for column in leaf.columns]
    products = (
        Binary(BinaryOp.MULTIPLY, value, number(weight))
        for value, weight in zip(values, leaf.weights, strict=True)
    )
    result: Expr = Sum((number(leaf.constant), *products)) if values else number(leaf.constant)
    for value in reversed(values):
        result = Branch(value, PRESENT, result, fallback, fallback)
    return result
