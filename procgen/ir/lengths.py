"""How many items a list has: every list of a Program is as long in each row."""

from __future__ import annotations

from procgen.errors import InvalidProgramError
from procgen.ir.expressions import Branch, Call, Expr, Fill, Reference, Vector
from procgen.ir.trees import Ensemble
from procgen.ir.typing import Typing


def length_of(typing: Typing, expr: Expr) -> int:
    """The number of items of a list.

    Raises:
        InvalidProgramError: the expression is no list.
    """
    while True:
        match expr:
            case Vector(items):
                return len(items)
            case Reference(name):
                bound = typing.bindings[name]
                if isinstance(bound, Ensemble):
                    return len(bound.base_score)
                expr = bound
            case Call(_, argument):
                expr = argument
            case Branch(_, _, then, _, _):
                expr = then
            case Fill(operand, _):
                expr = operand
            case _:
                raise InvalidProgramError(f"{type(expr).__name__} is not a list")
