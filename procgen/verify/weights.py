"""The sums that a margin is made of, and how far two orders of adding their terms may lie apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from procgen.ir.bounds import has_references
from procgen.ir.curves import calls_function
from procgen.ir.enclosure import weighted_sums
from procgen.ir.expressions import Call, Constant, Element, Expr, Function, Reference, Sum, Vector
from procgen.ir.interpreter import Row, Value, evaluate, reach_leaf
from procgen.ir.program import OutputName, Program
from procgen.ir.spans import EPSILON, units_of, units_of_any_order
from procgen.ir.stumps import free_ensembles
from procgen.ir.trees import Ensemble, Tree
from procgen.ir.typing import Typing
from procgen.ir.walk import children, descend


@dataclass(frozen=True, slots=True)
class Weights:
    """A weighted sum as the terms that were added and the intercept."""

    terms: tuple[Expr, ...]
    intercept: float

    @classmethod
    def of(cls, total: Sum) -> Weights:
        """The terms of a Sum and of the Sums in it; the last one is the intercept."""
        terms: list[Expr] = []
        waiting: list[Expr] = list(reversed(total.terms))
        while waiting:
            term = waiting.pop()
            if isinstance(term, Sum):
                waiting.extend(reversed(term.terms))
            else:
                terms.append(term)
        match terms:
            case [*rest, Constant(float() as intercept, _)]:
                return cls(tuple(rest), intercept)
            case _:
                return cls(tuple(terms), 0.0)

    def bound(self, row: Row, values: Mapping[str, Value]) -> float:
        """How far from it two orders of addition may end up."""
        sizes = (abs(number_of(evaluate(term, row, values))) for term in self.terms)
        return self.units() * EPSILON * sum(sizes) + EPSILON * abs(self.intercept)

    def units(self) -> float:
        """Epsilons of the terms' total that two orders of addition may lie apart."""
        return units_of(len(self.terms))


@dataclass(frozen=True, slots=True)
class Leaves:
    """One sum of stumps in any order: the base score and a leaf of each tree, nothing merged."""

    features: tuple[Expr, ...]
    trees: tuple[Tree, ...]
    base: float
    output: int

    @classmethod
    def of(cls, ensemble: Ensemble, output: int) -> Leaves:
        """One output of an ensemble."""
        trees = tuple(tree for tree in ensemble.trees if output in tree.outputs)
        return cls(ensemble.features, trees, ensemble.base_score[output], output)

    def bound(self, row: Row, values: Mapping[str, Value]) -> float:
        """How far from it two orders of addition may end up."""
        features = [evaluate(feature, row, values) for feature in self.features]
        leaves = (reach_leaf(tree, features).values for tree in self.trees)
        places = (tree.outputs.index(self.output) for tree in self.trees)
        sizes = (abs(leaf[place]) for leaf, place in zip(leaves, places, strict=True))
        return self.units() * EPSILON * sum(sizes, abs(self.base))

    def units(self) -> float:
        """Epsilons of the leaves' total that two orders of addition may lie apart."""
        return units_of_any_order(len(self.trees) + 1)


def number_of(value: Value) -> float:
    """A value that is known to be a number."""
    return float(value)  # type: ignore[arg-type]


def sums_of_margin(program: Program) -> Iterator[Weights | Leaves]:
    """The sums that are the margin itself, one for each of its items."""
    output = program.output(OutputName.MARGIN)
    if output is None:
        return
    value: Expr | Ensemble = Reference(output.binding)
    while isinstance(value, Reference):
        value = program.binding(value.name)
    if isinstance(value, Ensemble):
        yield from _sums_of_stumps(value, range(len(value.base_score)))
        return
    typing = Typing.of(program)
    for part in value.items if isinstance(value, Vector) else (value,):
        if isinstance(part, Sum) and not has_references(part):
            yield Weights.of(part)
        if isinstance(part, Element) and (found := typing.ensemble(part.vector)) is not None:
            yield from _sums_of_stumps(found[1], (part.index,))


def _sums_of_stumps(ensemble: Ensemble, outputs: Iterable[int]) -> Iterator[Leaves]:
    """An average is none of them: it is divided, and what is divided is rounded again."""
    is_plain = ensemble.any_order and ensemble.divisor is None
    if is_plain and not any(map(has_references, ensemble.features)):
        yield from (Leaves.of(ensemble, output) for output in outputs)


def is_composite(program: Program, sums: tuple[Weights | Leaves, ...]) -> bool:
    """Whether weighted sums stand elsewhere than in the margin, or add up what may differ too.

    So does a softmax of logarithms, which rounds by more than a link may.
    """
    found = weighted_sums(program)
    margin = program.output(OutputName.MARGIN)
    used = (functions_of(program, output.binding) for output in program.outputs)
    if any(Function.SOFTMAX_OF_LOGS in functions for functions in used):
        return True
    if free_ensembles(program):
        return bool(found) or not sums or not _are_for_the_margin_alone(program)
    if not found or margin is None:
        return False
    terms = [term for one in sums if isinstance(one, Weights) for term in one.terms]
    return set(found) != {margin.binding} or not sums or any(map(_may_differ_itself, terms))


def _are_for_the_margin_alone(program: Program) -> bool:
    """Whether everything else is computed from the margin, and not from the trees once more."""
    margin = program.output(OutputName.MARGIN)
    free = free_ensembles(program)
    trees = free.keys() - {margin.binding if margin else ""}
    others = (one for one in program.bindings if margin is None or one.name != margin.binding)
    return len(free) == 1 and not any(
        isinstance(part, Reference) and part.name in trees
        for binding in others
        for outer in _outermost(binding.value)
        for part in descend(outer)
    )


def _outermost(value: Expr | Ensemble) -> tuple[Expr, ...]:
    return value.features if isinstance(value, Ensemble) else (value,)


def _may_differ_itself(term: Expr) -> bool:
    inner_sum = any(isinstance(part, Sum) for part in descend(term))
    return inner_sum or has_references(term) or calls_function(term)


def functions_of(program: Program, binding: str) -> set[Function]:
    """The functions that the value passes through; two C libraries may round most of them apart."""
    found: set[Function] = set()
    waiting: list[Expr] = [Reference(binding)]
    seen: set[str] = set()
    while waiting:
        part = waiting.pop()
        if isinstance(part, Reference) and part.name not in seen:
            seen.add(part.name)
            value = program.binding(part.name)
            if not isinstance(value, Ensemble):
                waiting.append(value)
        if isinstance(part, Call):
            found.add(part.function)
        waiting.extend(children(part))
    return found
