"""Expressions as lines of Python: each value has a variable, and equal ones have the same.

None and NaN are both missing to a test, and stay what they are in arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from procgen.backends.python_trees import among, literal
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Choose,
    Column,
    Comparison,
    Constant,
    Element,
    Expr,
    Fill,
    Function,
    Match,
    Membership,
    Reference,
    Sum,
    Test,
    Threshold,
    Unary,
    UnaryOp,
    Vector,
)
from procgen.ir.program import Program
from procgen.ir.types import DType
from procgen.ir.typing import Typing
from procgen.ir.walk import children

SIGNS = {
    BinaryOp.ADD: "+",
    BinaryOp.SUBTRACT: "-",
    BinaryOp.MULTIPLY: "*",
    BinaryOp.DIVIDE: "/",
}
TERMS_A_LINE = 50
"""Python parses a longer sum as that many expressions inside one another."""
WEIGHTED32 = (
    "from array import array",
    "from builtins import zip",
    "def weighted32(items):",
    "  single = lambda x: array('f', (x,))[0]",
    "  total = single(items[0])",
    "  for value, weight in zip(items[1::2], items[2::2]):",
    "    total = single(total + single(single(value) * weight))",
    "  return total",
)
ARGMAX = (
    "from builtins import len, max, range",
    "def argmax(items):",
    "  for place in range(len(items)):",
    "    if items[place] != items[place]:",
    "      return place",
    "  return max(range(len(items)), key=items.__getitem__)",
)


class NeedsKernelError(Exception):
    """A step that has no plain spelling."""


@dataclass(slots=True)
class PythonSteps:
    """Lines so far.

    Attributes:
        lines: the statements.
        helpers: what is made once a session: a name and the lines that make it.
        known: the variable of a text.
        bound: the variable of a binding.
        is_admitted: whether the requirements are behind, so that what they demand is so.
    """

    program: Program
    typing: Typing
    takes_row: bool
    lines: list[str] = field(default_factory=list)
    helpers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    is_admitted: bool = False

    def read_arguments(self) -> None:
        """Give the arguments variables, all of them in one step, as each by its number takes more.

        A record's columns are read where they are needed.
        """
        if self.takes_row:
            self.lines.append("record = args[0]")
            return
        names = [own.name for own in self.program.inputs]
        read = [f"  x{place},  # {literal(name)}" for place, name in enumerate(names)]
        self.lines += ["(", *read, ") = args"]

    def step(self, expr: Expr) -> str:
        """The variable that holds a value, or a literal."""
        if isinstance(expr, Constant):
            is_nan = isinstance(expr.value, float) and math.isnan(expr.value)
            return self.named("1e999 - 1e999") if is_nan else literal(expr.value)
        if isinstance(expr, Reference):
            return self.bound[expr.name]
        if isinstance(expr, Column):
            return self._column(expr.name)
        operands = [self.step(child) for child in children(expr)]
        return self.named(self._text(expr, operands))

    def named(self, text: str, name: str | None = None) -> str:
        """The variable of a text, which has a line of its own from now on."""
        if text.isidentifier():
            return text
        if text not in self.known:
            self.known[text] = name or f"v{len(self.known)}"
            self.lines.append(f"{self.known[text]} = {text}")
        return self.known[text]

    def _column(self, name: str) -> str:
        place = [own.name for own in self.program.inputs].index(name)
        if not self.takes_row:
            return f"x{place}"
        text = f"None if record is None else record[{literal(name)}]"
        if text not in self.known:
            self.known[text] = f"x{place}"
            self.lines.append(f"x{place} = {text}")
        return self.known[text]

    def _text(self, expr: Expr, operands: list[str]) -> str:  # noqa: C901, PLR0911 - one line a node
        match expr:
            case Unary(op, _):
                return self._unary(op, expr, operands[0])
            case Binary():
                return self._binary(expr, operands)
            case Sum(terms):
                return self._sum(terms, operands)
            case Fill(operand, constant):
                missing = missing_in(operands[0], self.kind(operand))
                return f"{literal(constant.value)} if {missing} else {operands[0]}"
            case Branch(subject, test, _, _, _):
                missing = missing_in(operands[0], self.kind(subject))
                holds = _passes(test, operands[0])
                then, otherwise, absent = operands[1:]
                return f"{absent} if {missing} else {then} if {holds} else {otherwise}"
            case Match():
                return self._match(expr, operands[0])
            case Choose(_, options):
                listed = ", ".join(literal(option.value) for option in options)
                chosen = f"({listed},)[{self._helper('int')}({operands[0]})]"
                return f"None if {missing_in(operands[0], DType.FLOAT64)} else {chosen}"
            case Vector():
                return f"[{', '.join(operands)}]"
            case Element(_, index):
                return f"{operands[0]}[{index}]"
            case Call(Function.ARGMAX, _):
                self.helpers["argmax"] = ARGMAX
                return f"argmax({operands[0]})"
            case Call(Function.WEIGHTED_SUM_FLOAT32, _):
                self.helpers["weighted32"] = WEIGHTED32
                return f"weighted32({operands[0]})"
            case _:
                raise NeedsKernelError

    def _unary(self, op: UnaryOp, expr: Unary, operand: str) -> str:
        number = self._number(expr.operand, operand)
        match op:
            case UnaryOp.NEGATE:
                text = f"-{number}"
            case UnaryOp.ABSOLUTE:
                text = f"{self._helper('abs')}({number})"
            case UnaryOp.TO_FLOAT64:
                text = number
            case UnaryOp.TRUNCATE:  # what is not finite has no whole number
                float_, int_ = self._helper("float"), self._helper("int")
                text = f"{float_}({int_}({number})) if {number} - {number} == 0.0 else {number}"
            case _:
                assert_never(op)
        return self._unless_none([expr.operand], [operand], text)

    def _binary(self, expr: Binary, operands: list[str]) -> str:
        is_safe = isinstance(expr.right, Constant) and expr.right.value not in (None, 0)
        if expr.op is BinaryOp.DIVIDE and not is_safe:
            raise NeedsKernelError  # Python raises where IEEE 754 has an infinity
        own = (expr.left, expr.right)
        left, right = map(self._number, own, operands)
        return self._unless_none(own, operands, f"{left} {SIGNS[expr.op]} {right}")

    def _sum(self, terms: Sequence[Expr], operands: list[str]) -> str:
        total = self._number(terms[0], operands[0])
        is_none = [self.may_be_none(terms[0])]
        checked = [operands[0]] if is_none[0] else []
        for first in range(1, len(terms), TERMS_A_LINE):
            part = slice(first, first + TERMS_A_LINE)
            pairs = list(zip(terms[part], operands[part], strict=True))
            checked += [name for term, name in pairs if self.may_be_none(term)]
            text = " + ".join([total, *(self._number(term, name) for term, name in pairs)])
            text = _guarded(checked, text)
            if part.stop >= len(terms):
                return text
            total = self.named(text)
            checked = [total] if checked else []
        return _guarded(checked, total)

    def _number(self, expr: Expr, name: str) -> str:
        """An operand as a double; what is one already may be None or NaN and stays that."""
        if self.kind(expr).is_float:
            return name
        return f"{self._helper('float')}({name})"

    def _unless_none(self, exprs: Iterable[Expr], operands: Iterable[str], text: str) -> str:
        pairs = zip(exprs, operands, strict=True)
        return _guarded([name for expr, name in pairs if self.may_be_none(expr)], text)

    def may_be_none(self, expr: Expr) -> bool:
        """Whether a value can be None or NaN here."""
        # What a requirement demands is not yet known to be so while requirements are asked.
        if isinstance(expr, Constant):
            return expr.value is None
        return not self.is_admitted or self.typing.may_be_missing(expr)

    def _match(self, match: Match, subject: str) -> str:
        cases: dict[str, str] = {}
        for case in match.cases:
            cases.setdefault(literal(case.category), literal(case.result.value))
        listed = ", ".join(f"{category}: {result}" for category, result in cases.items())
        table = self._made("{" + listed + "}", "table")
        missing = missing_in(subject, self.kind(match.subject))
        found = f"{table}.get({subject}, {literal(match.otherwise.value)})"
        return f"{literal(match.missing.value)} if {missing} else {found}"

    def _helper(self, builtin: str) -> str:
        self.helpers.setdefault(builtin, (f"from builtins import {builtin}",))
        return builtin

    def _made(self, text: str, title: str) -> str:
        """What is made once a session, under a name."""
        for name, made in self.helpers.items():
            if made == (f"{name} = {text}",):
                return name
        name = f"{title}_{len(self.helpers)}"
        self.helpers[name] = (f"{name} = {text}",)
        return name

    def kind(self, expr: Expr) -> DType:
        """The type of a value, or of the items of a list."""
        return self.typing.item_type(expr)


def _guarded(names: Iterable[str], text: str) -> str:
    """None where one of these is."""
    known = dict.fromkeys(names)
    if "None" in known:
        return "None"
    return (
        f"None if {' or '.join(f'{name} is None' for name in known)} else {text}" * bool(known)
        or text
    )


def missing_in(name: str, kind: DType) -> str:
    """True where a value is missing; a literal is None or there."""
    if not name.isidentifier() or name == "None":
        return str(name == "None")
    return f"{name} is None or {name} != {name}" if kind.is_float else f"{name} is None"


def _passes(test: Test, subject: str) -> str:
    match test:
        case Threshold(_, _, DType.FLOAT32):
            raise NeedsKernelError
        case Threshold(op, value, _):
            return f"{subject} {'<=' if op is Comparison.LE else '<'} {literal(value)}"
        case Membership(categories):
            return f"{subject} in {among(categories)}"
        case _:
            assert_never(test)
