"""One row's score as plain Python: a line for each step, and an expression for each tree.

The text runs as the body of a PL/Python routine. Its parameters have no names, as PL/Python makes
each named one a global and removes it again at every call, which takes as long as a short score.
Since globals change so often, it brings its builtins along. Every operation is Python's own on
doubles, and so is the interpreter's: the bits are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from procgen.backends.conditions import error_message
from procgen.backends.python_steps import NeedsKernelError, PythonSteps, missing_in
from procgen.backends.python_trees import Feature, TreePrinter, among, literal
from procgen.ir.expressions import Interval, Membership, Present, Reference
from procgen.ir.float32 import to_float32
from procgen.ir.program import Action, OutputName, Program, Requirement
from procgen.ir.trees import Ensemble, split_count, tested_features
from procgen.ir.types import DType
from procgen.ir.typing import Typing
from procgen.ir.walk import children

MOST_SPLITS = 20_000
"""Of an ensemble; beyond, the kernel scores rows.

A session compiles 17,000 splits in 0.2 seconds and keeps 80 MB; 42,000 take half a second and
190 MB. A row of these takes 31 microseconds printed, and 95 by the kernel, which keeps a few
megabytes.
"""
ADDED32 = (
    "from array import array",
    "from builtins import float",
    "from numpy import add, float32, frombuffer",
    "def added32(terms):",
    '  return float(add.accumulate(frombuffer(array("f", terms), dtype=float32))[-1])',
)


def printed_row(
    program: Program, typing: Typing, output: OutputName, *, takes_row: bool
) -> PythonSteps | None:
    """The body that answers one output, or None where the kernel is needed or is the better choice.

    Args:
        program: after the passes.
        typing: of this Program.
        output: what is answered.
        takes_row: whether the inputs come as one record.
    """
    row = PythonRow(PythonSteps(program, typing, takes_row))
    try:
        row.print(output)
    except NeedsKernelError:
        return None
    return row.steps


@dataclass(frozen=True, slots=True)
class PythonRow:
    """Prints what a row must meet, and then one output."""

    steps: PythonSteps

    def print(self, output: OutputName) -> None:
        """Write every line.

        Raises:
            NeedsKernelError: some step has no plain spelling.
        """
        steps, program = self.steps, self.steps.program
        own = program.output(output)
        if own is None:
            raise TypeError(f"there is no {output}")
        steps.read_arguments()
        # An error by policy comes before a row is refused.
        for one in sorted(program.requirements, key=lambda one: one.action is not Action.ERROR):
            self._require(one)
        steps.is_admitted = True
        wanted = self._needed(own.binding)
        for binding in program.bindings:
            if binding.name not in wanted:
                continue
            match binding.value:
                case Ensemble() as ensemble:
                    steps.bound[binding.name] = self._ensemble(ensemble)
                case expr:
                    steps.bound[binding.name] = steps.step(expr)
        steps.lines.append(f"return {steps.bound[own.binding]}")

    def _needed(self, root: str) -> set[str]:
        """The bindings that one reads, itself among them."""
        needed, waiting = {root}, [root]
        while waiting:
            bound = self.steps.typing.bindings[waiting.pop()]
            exprs = list(bound.features) if isinstance(bound, Ensemble) else [bound]
            while exprs:
                expr = exprs.pop()
                if isinstance(expr, Reference) and expr.name not in needed:
                    needed.add(expr.name)
                    waiting.append(expr.name)
                exprs.extend(children(expr))
        return needed

    def _require(self, one: Requirement) -> None:
        subject = self.steps.step(one.subject)
        missing = missing_in(subject, self.steps.kind(one.subject))
        match one.test:
            case Interval(low, high):
                holds = f"{literal(low)} <= {subject} <= {literal(high)}"
            case Membership(categories):
                holds = f"{subject} in {among(categories)}"
            case Present():
                holds = "True"
            case _:
                assert_never(one.test)
        condition = f"{missing} or {holds}" if one.accepts_missing else f"{missing} or not {holds}"
        self.steps.lines.append(
            f"if not ({condition}):" if one.accepts_missing else f"if {condition}:"
        )
        if one.action is Action.ERROR:
            message = literal(error_message(one))
            self.steps.lines += ["  import plpy", f'  plpy.error({message}, sqlstate="22000")']
        else:
            self.steps.lines.append("  return None")

    def _ensemble(self, ensemble: Ensemble) -> str:
        """The variable that holds the list of sums."""
        features = self._features(ensemble)
        number = len(self.steps.known)
        totals = [f"t{number}_{place}" for place in range(len(ensemble.base_score))]
        add = self._doubles if ensemble.accumulate is DType.FLOAT64 else self._singles
        add(ensemble, TreePrinter(features), totals)
        if ensemble.divisor is not None:
            totals = [f"{total} / {literal(ensemble.divisor)}" for total in totals]
        return self.steps.named(f"[{', '.join(totals)}]")

    def _features(self, ensemble: Ensemble) -> list[Feature]:
        if split_count(ensemble.trees) > MOST_SPLITS:
            raise NeedsKernelError
        nowhere = Feature("", is_text=False, may_be_missing=False)
        features = [nowhere] * len(ensemble.features)
        for place in tested_features(ensemble):
            expr = ensemble.features[place]
            name, is_text = self.steps.step(expr), self.steps.kind(expr) is DType.TEXT
            may_be_missing = self.steps.may_be_none(expr)
            if may_be_missing and not is_text:
                number = f"1e999 - 1e999 if {name} is None else {name}"
                name = self.steps.named(number, f"{name}_or_nan")
            features[place] = Feature(name, is_text, may_be_missing)
        return features

    def _doubles(self, ensemble: Ensemble, printer: TreePrinter, totals: list[str]) -> None:
        lines = self.steps.lines
        lines += [
            f"{total} = {literal(base)}"
            for total, base in zip(totals, ensemble.base_score, strict=True)
        ]
        for tree in ensemble.trees:
            names = [totals[output] for output in tree.outputs]
            if len(names) == 1:
                lines.extend(printer.lines(tree, f"{names[0]} += "))
                continue
            leaves = [f"leaf{place}" for place in range(len(names))]
            lines.extend(printer.lines(tree, f"{', '.join(leaves)} = "))
            lines += [f"{name} += {leaf}" for name, leaf in zip(names, leaves, strict=True)]

    def _singles(self, ensemble: Ensemble, printer: TreePrinter, totals: list[str]) -> None:
        """Leaves are collected and added in float32, one after the other."""
        terms = [[literal(to_float32(base))] for base in ensemble.base_score]
        for number, tree in enumerate(ensemble.trees):
            names = [f"leaf{number}_{place}" for place in range(len(tree.outputs))]
            self.steps.lines.extend(printer.lines(tree, f"{', '.join(names)} = "))
            for output, name in zip(tree.outputs, names, strict=True):
                terms[output].append(name)
        self.steps.helpers["added32"] = ADDED32
        for total, own in zip(totals, terms, strict=True):
            self.steps.lines.append(f"{total} = added32(({', '.join(own)},))")
