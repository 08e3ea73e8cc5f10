"""Children of an expression, and rebuilding it with others, so that a pass states only its rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import assert_never

from procgen.ir.expressions import (
    Binary,
    Branch,
    Call,
    Choose,
    Column,
    Constant,
    Element,
    Expr,
    Fill,
    Match,
    Reference,
    Sum,
    Unary,
    Vector,
)
from procgen.ir.program import Binding, Program
from procgen.ir.trees import Ensemble, Tree


def children(expr: Expr) -> tuple[Expr, ...]:
    """The direct operands, in the order they are evaluated."""
    match expr:
        case Constant() | Column() | Reference():
            return ()
        case Unary(_, operand) | Fill(operand, _):
            return (operand,)
        case Binary(_, left, right):
            return (left, right)
        case Sum(items) | Vector(items):
            return items
        case Branch(subject, _, then, otherwise, missing):
            return (subject, then, otherwise, missing)
        case Match(subject, _, _, _):
            return (subject,)
        case Choose(index, _):
            return (index,)
        case Call(_, argument):
            return (argument,)
        case Element(vector, _):
            return (vector,)
        case _:
            assert_never(expr)


def rewrite(expr: Expr, rule: Callable[[Expr], Expr]) -> Expr:
    """Apply `rule` to every expression inside `expr`, operands before the whole."""
    return rule(with_children(expr, lambda child: rewrite(child, rule)))


def with_children(  # noqa: C901, PLR0911 - one line a node
    expr: Expr, change: Callable[[Expr], Expr]
) -> Expr:
    """The expression with each direct operand changed, in the order of `children`."""
    match expr:
        case Constant() | Column() | Reference():
            return expr
        case Unary(op, operand):
            return Unary(op, change(operand))
        case Fill(operand, value):
            return Fill(change(operand), value)
        case Binary(op, left, right):
            return Binary(op, change(left), change(right))
        case Sum(terms):
            return Sum(tuple(change(term) for term in terms))
        case Vector(items):
            return Vector(tuple(change(item) for item in items))
        case Branch(subject, test, then, otherwise, missing):
            return Branch(change(subject), test, change(then), change(otherwise), change(missing))
        case Match():
            return replace(expr, subject=change(expr.subject))
        case Choose(index, options):
            return Choose(change(index), options)
        case Call(function, argument):
            return Call(function, change(argument))
        case Element(vector, index):
            return Element(change(vector), index)
        case _:
            assert_never(expr)


def descend(expr: Expr) -> Iterator[Expr]:
    """`expr` and everything inside it."""
    waiting = [expr]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(children(current)))


def expressions(program: Program) -> Iterator[Expr]:
    """Every outermost expression of a Program: bindings, features of ensembles, requirements."""
    for requirement in program.requirements:
        yield requirement.subject
    for binding in program.bindings:
        if isinstance(binding.value, Ensemble):
            yield from binding.value.features
        else:
            yield binding.value


def ensembles_of(program: Program) -> dict[str, Ensemble]:
    """Every ensemble by the name of its binding, in their order."""
    values = {binding.name: binding.value for binding in program.bindings}
    return {name: value for name, value in values.items() if isinstance(value, Ensemble)}


def trees_of(program: Program) -> Iterator[Tree]:
    """Every tree of every ensemble."""
    for ensemble in ensembles_of(program).values():
        yield from ensemble.trees


def rewrite_ensembles(program: Program, rule: Callable[[Ensemble], Ensemble]) -> Program:
    """Apply `rule` to every ensemble of a Program, and to nothing else."""
    return replace(
        program,
        bindings=tuple(
            replace(binding, value=rule(binding.value))
            if isinstance(binding.value, Ensemble)
            else binding
            for binding in program.bindings
        ),
    )


def rewrite_program(program: Program, rule: Callable[[Expr], Expr]) -> Program:
    """Apply `rule` to every expression of a Program, inside out."""

    def bound(binding: Binding) -> Binding:
        match binding.value:
            case Ensemble() as ensemble:
                features = tuple(rewrite(feature, rule) for feature in ensemble.features)
                return replace(binding, value=replace(ensemble, features=features))
            case expr:
                return replace(binding, value=rewrite(expr, rule))

    return replace(
        program,
        requirements=tuple(
            replace(requirement, subject=rewrite(requirement.subject, rule))
            for requirement in program.requirements
        ),
        bindings=tuple(bound(binding) for binding in program.bindings),
    )


def columns_of(expr: Expr) -> tuple[str, ...]:
    """Names of the input columns inside an expression, each once, in order of appearance."""
    return tuple(dict.fromkeys(e.name for e in descend(expr) if isinstance(e, Column)))
