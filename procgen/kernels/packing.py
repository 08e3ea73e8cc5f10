"""A lowered Program as the kernel's data: a tape of steps, and trees of whole numbers, as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, assert_never

from procgen.errors import InvalidProgramError
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
    Interval,
    Match,
    Membership,
    Present,
    Reference,
    Sum,
    Test,
    Threshold,
    Unary,
    Vector,
)
from procgen.ir.program import Action, Program
from procgen.ir.trees import Ensemble
from procgen.ir.types import DType, ListType, Scalar
from procgen.ir.typing import Typing
from procgen.ir.walk import children
from procgen.kernels.features import Feature, plain_test
from procgen.kernels.tree_text import tree_lines

FORMAT = 1
Step = list[Any]


def pack(program: Program, digest: str, messages: dict[str, str]) -> str:
    """The text of a model, one tree a line.

    Args:
        program: after the passes; splits stand on columns as far as they could be moved there.
        digest: of the Program that was compiled.
        messages: what to say of an input for which a policy raises, by the reason of the
            requirement; see `procgen.backends.printer.error_message`.

    Raises:
        InvalidProgramError: a threshold of float32 is left: no pass widened it.
    """
    packer = Packer(program, Typing.of(program))
    return packer.text(digest, messages)


@dataclass(slots=True)
class Packer:
    """Steps so far; equal expressions are one step."""

    program: Program
    typing: Typing
    steps: list[Step] = field(default_factory=list)
    known: dict[Any, int] = field(default_factory=dict)
    ensembles: list[tuple[Ensemble, list[Feature]]] = field(default_factory=list)

    def text(self, digest: str, messages: dict[str, str]) -> str:
        """The whole model."""
        requirements = self._requirements(messages)
        bound = self._bindings()
        head = {
            "format": FORMAT,
            "digest": digest,
            "inputs": [[own.name, own.dtype.value] for own in self.program.inputs],
            "outputs": [
                [output.name.value, bound[output.binding], _item(output.type).value]
                for output in self.program.outputs
            ],
            "requirements": requirements,
        }
        lines = [f'"{name}":{_json(value)}' for name, value in head.items()]
        steps = ",\n".join(map(_json, self.steps))
        ensembles = ",\n".join(self._ensemble(*own) for own in self.ensembles)
        lines += [f'"steps":[\n{steps}]', f'"ensembles":[\n{ensembles}]']
        return "{" + ",\n".join(lines) + "}"

    def _requirements(self, messages: dict[str, str]) -> list[Step]:
        found = []
        for one in self.program.requirements:
            step = self.step(one.subject, {})
            message = None
            if one.action is Action.ERROR:
                message = messages[repr(one)]
            found.append([step, _test(one.test), one.accepts_missing, message])
        return found

    def _bindings(self) -> dict[str, int]:
        bound: dict[str, int] = {}
        for binding in self.program.bindings:
            match binding.value:
                case Ensemble() as ensemble:
                    bound[binding.name] = self._add_ensemble(ensemble, bound)
                case expr:
                    bound[binding.name] = self.step(expr, bound)
        return bound

    def _add_ensemble(self, ensemble: Ensemble, bound: dict[str, int]) -> int:
        places = [self.step(expr, bound) for expr in ensemble.features]
        kinds = [self.typing.item_type(expr) for expr in ensemble.features]
        self.ensembles.append((ensemble, _features(ensemble, places, kinds)))
        self.steps.append(["ensemble", len(self.ensembles) - 1])
        return len(self.steps) - 1

    def step(self, expr: Expr, bound: dict[str, int]) -> int:
        """The place of an expression on the tape, after those it reads."""
        operands = [self.step(child, bound) for child in children(expr)]
        step = self._step(expr, operands, bound)
        key = _json(step)
        if key not in self.known:
            self.steps.append(step)
            self.known[key] = len(self.steps) - 1
        return self.known[key]

    def _step(self, expr: Expr, operands: list[int], bound: dict[str, int]) -> Step:  # noqa: C901, PLR0911, PLR0912 - one line a node
        match expr:
            case Constant(value, dtype):
                return ["constant", value, dtype.value]
            case Column(name):
                names = [own.name for own in self.program.inputs]
                return ["column", names.index(name)]
            case Reference(name):
                return ["same", bound[name]]
            case Unary(op, _):
                return ["unary", op.value, *operands]
            case Binary(op, _, _):
                return ["binary", op.value, *operands]
            case Sum():
                return ["sum", operands]
            case Vector():
                return ["vector", operands]
            case Fill(_, constant):
                return ["fill", *operands, constant.value, constant.dtype.value]
            case Branch(subject, test, _, _, _):
                plain = plain_test(test, whole=self._is_whole(subject))
                return ["branch", operands[0], _test(plain), *operands[1:]]
            case Match():
                return _table(expr, operands[0])
            case Choose(_, options):
                values = [option.value for option in options]
                return ["choose", *operands, values, options[0].dtype.value]
            case Call(function, _):
                return ["call", function.value, *operands]
            case Element(_, index):
                return ["element", *operands, index]
            case _:
                assert_never(expr)

    def _is_whole(self, subject: Expr) -> bool:
        return self.typing.item_type(subject) in (DType.INT64, DType.BOOL)

    def _ensemble(self, ensemble: Ensemble, features: list[Feature]) -> str:
        head = {
            "base_score": list(ensemble.base_score),
            "divisor": ensemble.divisor,
            "accumulate": ensemble.accumulate.value,
            "features": [feature.packed() for feature in features],
        }
        lines = [f'"{name}":{_json(value)}' for name, value in head.items()]
        trees = ",\n".join(map(_json, tree_lines(ensemble, features)))
        return "{" + ",\n".join(lines) + f',\n"trees":[\n{trees}]' + "}"


def _features(ensemble: Ensemble, places: list[int], kinds: list[DType]) -> list[Feature]:
    """The features that trees test; one that is compared and looked up stands twice."""
    found: dict[tuple[int, bool], Feature] = {}
    for tree in ensemble.trees:
        for node in tree.nodes:
            test = getattr(node, "test", None)
            if test is None:
                continue
            key = (node.feature, isinstance(test, Membership))  # type: ignore[union-attr]
            if key not in found:
                own = node.feature  # type: ignore[union-attr]
                found[key] = Feature(len(found), own, places[own], kinds[own], is_table=key[1])
            found[key].see(test)
    for feature in found.values():
        feature.settle()
    return list(found.values())


def _table(match: Match, subject: int) -> Step:
    """Categories in their order, and their results, then that of any other and of a missing one."""
    pairs: dict[Scalar, Scalar] = {}
    for case in match.cases:
        pairs.setdefault(case.category, case.result.value)
    order = sorted(pairs)  # type: ignore[type-var]
    results = [*(pairs[one] for one in order), match.otherwise.value, match.missing.value]
    return ["match", subject, order, results, match.otherwise.dtype.value]


def _test(test: Test | Interval | Present) -> Step:
    match test:
        case Threshold(op, value, precision):
            if precision is DType.FLOAT32:
                raise InvalidProgramError("a float32 threshold reached the kernel")
            return [op.value, value]
        case Interval(low, high):
            return ["between", low, high]
        case Membership(categories):
            return ["among", sorted(categories)]
        case Present():
            return ["present"]
        case _:
            assert_never(test)


def _item(kind: DType | ListType) -> DType:
    return kind.item if isinstance(kind, ListType) else kind


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
