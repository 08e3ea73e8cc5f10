"""The rules of a Program; they hold after every front-end and every pass, or the maker is wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator

from procgen.errors import InvalidProgramError
from procgen.ir.expressions import (
    Choose,
    Column,
    Constant,
    Expr,
    Interval,
    Match,
    Membership,
    Reference,
    Sum,
    Vector,
)
from procgen.ir.program import Program
from procgen.ir.trees import Ensemble, Leaf, Split, Tree
from procgen.ir.types import DType, Scalar
from procgen.ir.walk import descend, ensembles_of

PYTHON_TYPES: dict[DType, type] = {
    DType.BOOL: bool,
    DType.INT64: int,
    DType.FLOAT32: float,
    DType.FLOAT64: float,
    DType.TEXT: str,
}


def check(program: Program, *, but: frozenset[int] = frozenset()) -> Program:
    """Return the program itself if it keeps every rule.

    Args:
        program: what to check.
        but: `trees_of` a Program that has been checked; a tuple of trees that a pass has left
            alone is not walked again.

    Raises:
        InvalidProgramError: naming the first broken rule and where it is broken.
    """
    for problem in _problems(program, but):
        raise InvalidProgramError(problem)
    return program


def trees_of(program: Program) -> frozenset[int]:
    """The identities of a Program's tuples of trees, for as long as that Program lives."""
    return frozenset(id(ensemble.trees) for ensemble in ensembles_of(program).values())


def _problems(program: Program, known: frozenset[int]) -> Iterator[str]:
    names = [field.name for field in program.inputs]
    if not names:
        yield "a program needs an input"
    if len(set(names)) < len(names):
        yield "two inputs share a name"
    yield from _binding_problems(program, frozenset(names), known)
    if not program.outputs:
        yield "a program needs an output"
    if len({output.name for output in program.outputs}) < len(program.outputs):
        yield "two outputs share a name"
    bound = {binding.name for binding in program.bindings}
    for output in program.outputs:
        if output.binding not in bound:
            yield f"output {output.name} names the binding {output.binding!r}, which does not exist"


def _binding_problems(
    program: Program, columns: frozenset[str], checked: frozenset[int]
) -> Iterator[str]:
    for requirement in program.requirements:
        yield from _expr_problems(requirement.subject, columns, frozenset(), "a requirement")
        match requirement.test:
            case Interval(low, high) if math.isnan(low) or math.isnan(high):
                yield "an interval of a requirement has a NaN bound"
            case _:
                pass
    known: set[str] = set()
    for binding in program.bindings:
        where = f"binding {binding.name!r}"
        match binding.value:
            case Ensemble() as ensemble:
                for feature in ensemble.features:
                    yield from _expr_problems(feature, columns, known, where)
                yield from _ensemble_problems(ensemble, where, checked)
            case expr:
                yield from _expr_problems(expr, columns, known, where)
        if binding.name in known:
            yield f"{where} is named twice"
        known.add(binding.name)


def _expr_problems(
    expr: Expr, columns: frozenset[str], known: set[str] | frozenset[str], where: str
) -> Iterator[str]:
    for part in descend(expr):
        match part:
            case Column(name) if name not in columns:
                yield f"{where} reads the column {name!r}, which is not an input"
            case Reference(name) if name not in known:
                yield f"{where} reads {name!r} before it is bound"
            case Constant(value, dtype) if not _has_type(value, dtype):
                yield f"{where} holds {value!r} as a {dtype}"
            case Sum(items) | Vector(items) if not items:
                yield f"{where} holds an empty {type(part).__name__}"
            case Choose(_, options) if not options:
                yield f"{where} chooses from nothing"
            case Match(_, cases, _, _):
                values = [case.category for case in cases]
                if len(set(values)) < len(values):
                    yield f"{where} matches one category twice"
                if any(_is_missing(value) for value in values):
                    yield f"{where} matches a missing category; that is what `missing` is for"
            case _:
                pass


def _has_type(value: Scalar, dtype: DType) -> bool:
    return value is None or type(value) is PYTHON_TYPES[dtype]


def _is_missing(value: Scalar) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _ensemble_problems(ensemble: Ensemble, where: str, checked: frozenset[int]) -> Iterator[str]:
    if ensemble.divisor is not None and not ensemble.divisor > 0:
        yield f"{where} divides by {ensemble.divisor}"
    if ensemble.accumulate not in (DType.FLOAT32, DType.FLOAT64):
        yield f"{where} accumulates {ensemble.accumulate}"
    if id(ensemble.trees) in checked:
        return
    width, features = len(ensemble.base_score), len(ensemble.features)
    for number, tree in enumerate(ensemble.trees):
        if any(not 0 <= output < width for output in tree.outputs):
            yield f"{where}, tree {number} adds to an output that is not there"
        for problem in _tree_problems(tree, features):
            yield f"{where}, tree {number}, {problem}"


def _tree_problems(tree: Tree, features: int) -> Iterator[str]:
    size, width = len(tree.nodes), len(tree.outputs)
    parents = bytearray(size)
    for position, node in enumerate(tree.nodes):
        if isinstance(node, Leaf):
            if len(node.values) != width:
                yield f"leaf {position} has {len(node.values)} values for {width} outputs"
            continue
        left, right = node.left, node.right
        if not (position < left < size and position < right < size):
            yield f"node {position} has a child that does not come after it"
            return
        parents[left] += 1
        parents[right] += 1
        yield from _split_problems(node, position, features)
    if not size or parents[0] or any(count != 1 for count in parents[1:]):
        yield "some node does not have exactly one parent"


def _split_problems(node: Split, position: int, features: int) -> Iterator[str]:
    if not 0 <= node.feature < features:
        yield f"node {position} splits on feature {node.feature} of {features}"
    match node.test:
        case Membership(categories):
            if any(_is_missing(category) for category in categories):
                yield f"node {position} tests for a missing category"
        case threshold:
            if threshold.value != threshold.value:
                yield f"node {position} compares with NaN"
