"""Types of expressions, and which of them may be missing in a row that is not refused."""

from __future__ import annotations

import math
from dataclasses import dataclass
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
    Function,
    Match,
    Reference,
    Sum,
    Unary,
    UnaryOp,
    Vector,
)
from procgen.ir.program import Program
from procgen.ir.trees import Ensemble
from procgen.ir.types import DType, ListType, Type


@dataclass(frozen=True, slots=True)
class Typing:
    """What is known of the values of one Program."""

    columns: dict[str, DType]
    bindings: dict[str, Expr | Ensemble]
    present: frozenset[str]
    """Columns that are never missing in a row that is scored."""

    @classmethod
    def of(cls, program: Program) -> Typing:
        """Read the facts off a Program."""
        present = {field.name for field in program.inputs if not field.nullable}
        present |= {
            requirement.subject.name
            for requirement in program.requirements
            if isinstance(requirement.subject, Column) and not requirement.accepts_missing
        }
        return cls(
            columns={field.name: field.dtype for field in program.inputs},
            bindings={binding.name: binding.value for binding in program.bindings},
            present=frozenset(present),
        )

    def ensemble(self, expr: Expr) -> tuple[str, Ensemble] | None:
        """The ensemble that `expr` names, through other references, or None."""
        while isinstance(expr, Reference):
            match self.bindings[expr.name]:
                case Ensemble() as ensemble:
                    return expr.name, ensemble
                case inner:
                    expr = inner
        return None

    def type_of(self, expr: Expr) -> Type:  # noqa: C901, PLR0911, PLR0912 - one line a node
        """The type of an expression's value."""
        match expr:
            case Constant(_, dtype):
                return dtype
            case Column(name):
                return self.columns[name]
            case Reference(name):
                return self._type_of_binding(self.bindings[name])
            case Unary() | Binary() | Sum():
                if isinstance(expr, Unary) and expr.op is not UnaryOp.TO_FLOAT64:
                    return self.type_of(expr.operand)
                return DType.FLOAT64
            case Fill(operand, _):
                return self.type_of(operand)
            case Branch(_, _, then, _, _):
                return self.type_of(then)
            case Match(_, _, otherwise, _):
                return otherwise.dtype
            case Choose(_, options):
                return options[0].dtype
            case Call(function, argument):
                return self._type_of_call(function, argument)
            case Vector(items):
                return ListType(self.item_type(items[0]))
            case Element(vector, _):
                return self.item_type(vector)
            case _:
                assert_never(expr)

    def item_type(self, expr: Expr) -> DType:
        """The type of a value, or of the items of a list."""
        kind = self.type_of(expr)
        return kind.item if isinstance(kind, ListType) else kind

    def _type_of_binding(self, value: Expr | Ensemble) -> Type:
        return ListType(DType.FLOAT64) if isinstance(value, Ensemble) else self.type_of(value)

    def _type_of_call(self, function: Function, argument: Expr) -> Type:
        if function is Function.ARGMAX:
            return DType.INT64
        if function in (Function.WEIGHTED_MEDIAN, Function.WEIGHTED_SUM_FLOAT32):
            return DType.FLOAT64
        return self.type_of(argument)

    def may_be_missing(self, expr: Expr) -> bool:
        """Whether the value can be missing in a row that is scored."""
        match expr:
            case Column(name):
                return name not in self.present
            case Constant(value, _):
                return value is None or (isinstance(value, float) and math.isnan(value))
            case Fill(_, value):
                return self.may_be_missing(value)
            case Unary(_, operand):
                return self.may_be_missing(operand)
            case Binary(_, left, right):
                return self.may_be_missing(left) or self.may_be_missing(right)
            case Match(subject, cases, otherwise, missing):
                results = (*(case.result for case in cases), otherwise)
                return any(map(self.may_be_missing, results)) or (
                    self.may_be_missing(subject) and self.may_be_missing(missing)
                )
            case _:
                return True
