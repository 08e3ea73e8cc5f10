"""Tests on preprocessed features become tests on the inputs: trees read columns as they are.

A split on a scaled, imputed or encoded feature means the same as a split on its column with another
threshold, another missing side or a set of categories (preimage.py). The preprocessing then costs
nothing, and the SQL shows the units that people know.
"""

from __future__ import annotations

from dataclasses import replace

from procgen.ir.expressions import Column, Constant, Expr, Test
from procgen.ir.program import Program
from procgen.ir.target import Target
from procgen.ir.trees import Ensemble, Node, Split, Tree
from procgen.ir.types import DType
from procgen.ir.walk import rewrite_ensembles
from procgen.passes.preimage import Preimage, preimage


def pull_back_splits(program: Program, _: Target) -> Program:
    """Rewrite every split of every ensemble in terms of input columns, where that is exact."""
    columns = {field.name: field.dtype for field in program.inputs}
    present = frozenset(r.subject for r in program.requirements if not r.accepts_missing)
    return rewrite_ensembles(program, lambda one: _Puller(columns, one, present).ensemble())


class _Puller:
    """Rewrites one ensemble; remembers what it has found, because trees repeat their tests."""

    def __init__(
        self, columns: dict[str, DType], ensemble: Ensemble, present: frozenset[Expr]
    ) -> None:
        self._columns = columns
        self._present = present
        self._source = ensemble
        self._features: dict[Expr, int] = {}
        self._known: dict[tuple[int, Test, bool], tuple[int, Preimage]] = {}

    def ensemble(self) -> Ensemble:
        if all(isinstance(feature, Column) for feature in self._source.features):
            return self._source
        trees = tuple(
            Tree(tuple(map(self._node, tree.nodes)), tree.outputs) for tree in self._source.trees
        )
        return replace(self._source, features=tuple(self._features), trees=trees)

    def _node(self, node: Node) -> Node:
        if not isinstance(node, Split):
            return node
        feature, found = self._find(node)
        if found.negated:
            return Split(feature, found.test, not found.missing, node.right, node.left)
        return Split(feature, found.test, found.missing, node.left, node.right)

    def _find(self, split: Split) -> tuple[int, Preimage]:
        key = (split.feature, split.test, split.default_left)
        if key not in self._known:
            source = self._source.features[split.feature]
            found = self._preimage(source, split)
            if isinstance(found.subject, Constant):
                found = replace(found, subject=source, test=split.test, negated=False)
            feature = self._features.setdefault(found.subject, len(self._features))
            self._known[key] = (feature, found)
        return self._known[key]

    def _preimage(self, source: Expr, split: Split) -> Preimage:
        found = preimage(source, split.test, missing=split.default_left, columns=self._columns)
        if isinstance(found.subject, Column) or source not in self._present:
            return found
        # A row in which this feature is missing is refused, so it may go either way.
        other = preimage(source, split.test, missing=not split.default_left, columns=self._columns)
        return other if isinstance(other.subject, Column) else found
