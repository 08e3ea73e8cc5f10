"""Expressions of one Program as SQL text; the only place where an operator is spelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import copysign
from typing import assert_never

from procgen.backends import conditions
from procgen.backends.dialect import Dialect
from procgen.backends.float32_sums import weighted_sum
from procgen.backends.sharing import Key
from procgen.backends.stand_ins import StandIns
from procgen.backends.trees import Subject, TreePrinter
from procgen.backends.walks import LEAVES, Walk
from procgen.errors import LimitError
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
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
from procgen.ir.types import DType
from procgen.ir.typing import Typing

_SIGNS = {
    BinaryOp.ADD: "+",
    BinaryOp.SUBTRACT: "-",
    BinaryOp.MULTIPLY: "*",
    BinaryOp.DIVIDE: "/",
}


@dataclass(frozen=True, slots=True)
class Printer:
    """Prints expressions of a lowered Program in one dialect.

    Attributes:
        columns: the text of each input.
        elsewhere: bindings whose value is computed outside this text, as a call or a column; NULL
            there means that the row is refused.
        sums: sums of ensembles that are computed outside this text, by binding and output.
        named: functions that are routines of their own, by their qualified name.
        raiser: the qualified name of the routine that raises an error, or nothing without one.
        shared: bindings whose value has a name in this text (sharing.py); NULL there is missing.
        walks: ensembles that are walked as lists of nodes; `with_nodes` gives the lists a name.
        stand_ins: inputs that have something else for NaN (stand_ins.py).
    """

    dialect: Dialect
    program: Program
    typing: Typing
    columns: Mapping[str, str]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    sums: Mapping[tuple[str, int], str] = field(default_factory=dict)
    named: Mapping[Function, str] = field(default_factory=dict)
    raiser: str = ""
    shared: Mapping[str, str] = field(default_factory=dict)
    walks: Mapping[str, Walk] = field(default_factory=dict)
    stand_ins: StandIns = field(default_factory=dict)

    def text(self, expr: Expr) -> str:  # noqa: C901, PLR0911, PLR0912 - one line a node
        """An expression, in parentheses where its neighbours could tear it apart."""
        match expr:
            case Constant(value, dtype):
                return self.dialect.literal(value, dtype)
            case Column(name):
                return self.columns[name]
            case Reference(name):
                return self._reference(name)
            case Unary(op, operand):
                return self._unary(op, operand)
            case Binary(op, left, right):
                return f"({self.text(left)} {_SIGNS[op]} {self.text(right)})"
            case Sum(terms):
                return f"({self.ordered_sum([self.text(term) for term in terms])})"
            case Fill(operand, value):
                return self._fill(operand, value)
            case Branch():
                return self._branch(expr)
            case Match():
                return self._match(expr)
            case Choose(index, options):
                return self._choose(index, options)
            case Call(Function.WEIGHTED_SUM_FLOAT32, Vector(items)):
                return weighted_sum(self.dialect, self.text, self.ordered_sum, items)
            case Call(function, argument):
                return self._call(function, self.text(argument))
            case Vector(items):
                return self.list_of([self.text(item) for item in items])
            case Element(vector, index):
                return self._element(vector, index)
            case _:
                assert_never(expr)

    def name_of(self, key: Key) -> str:
        """The name of a shared value."""
        return self.shared[key] if isinstance(key, str) else self.sums[key]

    def definition(self, key: Key) -> str:
        """The text of a shared value itself, not its name; of an ensemble, the sum undivided."""
        match key:
            case (name, output):
                if not isinstance(ensemble := self.program.binding(name), Ensemble):
                    raise TypeError(f"{name} is not an ensemble")
                if name in self.walks:
                    return self.walks[name].total(self.subjects(ensemble), output)
                return self.ordered_sum(self.ensemble_terms(ensemble, output))
            case name:
                expr = self.program.binding(name)
                if isinstance(expr, Ensemble):
                    raise TypeError(f"{name} is an ensemble")
                return self.text(expr)

    def list_of(self, items: list[str]) -> str:
        """A list of items."""
        return self.dialect.list_of.format(", ".join(items))

    def ordered_sum(self, terms: list[str]) -> str:
        """Terms added from left to right.

        Raises:
            LimitError: more terms than the engine adds in one expression.
        """
        if len(terms) <= self.dialect.target.max_terms:
            return "\n + ".join(terms) if len(terms) > 1 else terms[0]
        if self.dialect.ordered_sum is None:
            raise LimitError(
                f"a sum of {len(terms)} terms, and {self.dialect.name} adds "
                f"{self.dialect.target.max_terms} in one expression"
            )
        return self.dialect.ordered_sum.format(",\n ".join(terms))

    def ensemble_terms(self, ensemble: Ensemble, output: int) -> list[str]:
        """The base score and every tree of one output, in the order they are added."""
        trees = TreePrinter(self.dialect, ensemble, self.subjects(ensemble))
        base = self.dialect.literal(ensemble.base_score[output], ensemble.accumulate)
        return [
            base,
            *(
                f"/* tree {number} */ {trees.text(tree, output)}"
                for number, tree in enumerate(ensemble.trees)
                if output in tree.outputs
            ),
        ]

    def finished_sum(self, ensemble: Ensemble, total: str) -> str:
        """A sum as a double, divided where the ensemble averages."""
        if ensemble.accumulate is DType.FLOAT32:
            total = self.dialect.to_float[DType.FLOAT32].format(f"({total})")
        if ensemble.divisor is None:
            return f"({total})"
        return f"(({total}) / {self.dialect.literal(ensemble.divisor, DType.FLOAT64)})"

    def subjects(self, ensemble: Ensemble) -> list[Subject]:
        """The features of an ensemble as text."""
        return [self._subject(feature) for feature in ensemble.features]

    def _subject(self, feature: Expr) -> Subject:
        dtype = self.typing.item_type(feature)
        may_be_missing = self.typing.may_be_missing(feature)
        may_be_nan = may_be_missing and dtype.is_float
        if isinstance(feature, Column) and feature.name in self.stand_ins:
            may_be_nan = False
            may_be_missing = self.stand_ins[feature.name] is None
        return Subject(self.text(feature), dtype, may_be_missing, may_be_nan)

    def _reference(self, name: str) -> str:
        if name in self.shared:
            return self.shared[name]
        if name in self.elsewhere:
            return self.elsewhere[name]
        match self.program.binding(name):
            case Ensemble() as ensemble if self._is_one_walk(name):
                leaves, sums = self.walks[name].totals(self.subjects(ensemble))
                totals = self.list_of([self.finished_sum(ensemble, total) for total in sums])
                return f"list_transform([{leaves}], lambda {LEAVES}:\n {totals})[1]"
            case Ensemble() as found:
                sums = [self._sum(name, found, output) for output in range(len(found.base_score))]
                return self.list_of(sums)
            case expr:
                return self.text(expr)

    def _is_one_walk(self, name: str) -> bool:
        is_apart = any(binding == name for binding, _ in self.sums)
        return not is_apart and name in self.walks and self.walks[name].lists.is_shared

    def _element(self, vector: Expr, index: int) -> str:
        # One sum of an ensemble, rather than one of the list of all its sums: the other trees
        # would be walked for nothing.
        found = self.typing.ensemble(vector)
        if found is not None:
            return self._sum(*found, index)
        return self.dialect.choose.format(self.text(vector), index + 1)

    def _sum(self, name: str, ensemble: Ensemble, output: int) -> str:
        if (name, output) in self.sums:
            return self.finished_sum(ensemble, self.sums[name, output])
        if name in self.walks:
            walk = self.walks[name]
            return self.finished_sum(ensemble, walk.total(self.subjects(ensemble), output))
        base, *trees = self.ensemble_terms(ensemble, output)
        # -0.0 is the one number that changes nothing when it is added to.
        leads = bool(ensemble.base_score[output]) or copysign(1, ensemble.base_score[output]) > 0
        terms = [base, *trees] if leads or not trees else trees
        return self.finished_sum(ensemble, self.ordered_sum(terms))

    def _unary(self, op: UnaryOp, operand: Expr) -> str:
        text = self.text(operand)
        match op:
            case UnaryOp.NEGATE:
                return f"(-{text})"
            case UnaryOp.ABSOLUTE:
                return f"abs({text})"
            case UnaryOp.TRUNCATE:
                return f"trunc({text})"
            case UnaryOp.TO_FLOAT64:
                return self.dialect.to_float[self.typing.item_type(operand)].format(text)
            case _:
                assert_never(op)

    def _fill(self, operand: Expr, value: Constant) -> str:
        text, dtype = self.text(operand), self.typing.item_type(operand)
        if not self.typing.may_be_missing(operand):
            return text
        if dtype.is_float:
            text = f"nullif({text}, {self.dialect.literal(float('nan'), dtype)})"
        return f"coalesce({text}, {self.text(value)})"

    def _branch(self, branch: Branch) -> str:
        subject, dtype = self.text(branch.subject), self.typing.item_type(branch.subject)
        yes = conditions.passing(self.dialect, subject, dtype, branch.test)
        no = conditions.failing(self.dialect, subject, dtype, branch.test)
        then, otherwise = self.text(branch.then), self.text(branch.otherwise)
        if self._is_elsewhere(branch.subject):
            # NULL there means refused and stays NULL; NaN makes either condition false.
            if branch.missing == branch.then:
                yes, then, otherwise = no, otherwise, then
            return f"CASE {yes} WHEN true THEN {then} WHEN false THEN {otherwise} END"
        if branch.missing == branch.otherwise or not self.typing.may_be_missing(branch.subject):
            return f"CASE WHEN {yes} THEN {then} ELSE {otherwise} END"
        if branch.missing == branch.then:
            return f"CASE WHEN {no} THEN {otherwise} ELSE {then} END"
        missing = self.text(branch.missing)
        return f"CASE WHEN {yes} THEN {then} WHEN {no} THEN {otherwise} ELSE {missing} END"

    def _is_elsewhere(self, expr: Expr) -> bool:
        return isinstance(expr, Reference) and expr.name in self.elsewhere

    def _match(self, match_: Match) -> str:
        subject, dtype = self.text(match_.subject), self.typing.item_type(match_.subject)
        otherwise = self.text(match_.otherwise)
        cases = [case for case in match_.cases if case.result != match_.otherwise]
        lines = [
            f" WHEN {self.dialect.literal(case.category, dtype)} THEN {self.text(case.result)}"
            for case in cases
        ]
        found = otherwise
        if lines:
            exact = conditions.equal(self.dialect, subject, dtype)
            found = f"CASE {exact}{''.join(lines)} ELSE {otherwise} END"
        if match_.missing == match_.otherwise or not self.typing.may_be_missing(match_.subject):
            return found
        test = conditions.missing(self.dialect, subject, dtype)
        return f"CASE WHEN {test} THEN {self.text(match_.missing)} ELSE {found} END"

    def _choose(self, index: Expr, options: tuple[Constant, ...]) -> str:
        text = self.text(index)
        if not (isinstance(index, Call) and index.function is Function.ARGMAX):
            text = f"({text}) + 1"
        return self.dialect.choose.format(self.list_of([self.text(o) for o in options]), text)

    def _call(self, function: Function, argument: str) -> str:
        if function in self.named:
            return f"{self.named[function]}({argument})"
        return self.dialect.functions[function].format(argument)
