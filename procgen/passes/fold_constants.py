"""Arithmetic on a table of constants becomes a table of results, in the same doubles."""

from __future__ import annotations

from dataclasses import replace

from procgen.ir.expressions import Binary, Case, Constant, Expr, Fill, Match, Unary
from procgen.ir.interpreter import evaluate
from procgen.ir.program import Program
from procgen.ir.target import Target
from procgen.ir.types import DType
from procgen.ir.walk import children, rewrite_program


def fold_constants(program: Program, _: Target) -> Program:
    """Evaluate operations whose operands are constants, or one table and constants."""
    return rewrite_program(program, _fold)


def _fold(expr: Expr) -> Expr:
    if not isinstance(expr, Unary | Binary | Fill):
        return expr
    operands = children(expr)
    if all(isinstance(operand, Constant) for operand in operands):
        return _constant(expr)
    tables = [operand for operand in operands if isinstance(operand, Match)]
    rest = [operand for operand in operands if not isinstance(operand, Match | Constant)]
    if len(tables) != 1 or rest:
        return expr
    return _through_table(expr, tables[0])


def _through_table(expr: Unary | Binary | Fill, table: Match) -> Match:
    def after(result: Constant) -> Constant:
        return _constant(_with_operand(expr, table, result))

    return Match(
        table.subject,
        tuple(Case(case.category, after(case.result)) for case in table.cases),
        after(table.otherwise),
        after(table.missing),
    )


def _with_operand(expr: Unary | Binary | Fill, old: Expr, new: Expr) -> Expr:
    match expr:
        case Binary(_, left, _) if left is old:
            return replace(expr, left=new)
        case Binary():
            return replace(expr, right=new)
        case _:
            return replace(expr, operand=new)


def _constant(expr: Expr) -> Constant:
    value = evaluate(expr, {}, {})
    dtype = DType.FLOAT64
    if isinstance(expr, Fill):
        dtype = expr.value.dtype
    if isinstance(value, tuple):
        raise TypeError("a scalar operation gave a list")
    if isinstance(value, bool | int) and dtype is DType.FLOAT64:
        value = float(value)
    return Constant(value, dtype)
