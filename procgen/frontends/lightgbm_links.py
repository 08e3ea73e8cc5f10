"""From LightGBM's raw score to what `predict` answers: the ConvertOutput of each objective."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.lightgbm_text import Header
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Comparison,
    Constant,
    Element,
    Expr,
    Function,
    Reference,
    Threshold,
    Unary,
    UnaryOp,
    Vector,
    number,
)
from procgen.ir.interpreter import evaluate
from procgen.ir.search import last_passing

IDENTITIES = frozenset(
    {
        "fair",
        "huber",
        "lambdarank",
        "mape",
        "quantile",
        "rank_xendcg",
        "regression",
        "regression_l1",
    }
)
ROOTS = IDENTITIES - {"huber", "lambdarank", "rank_xendcg"}
"""Objectives that heed reg_sqrt."""
EXPONENTIALS = frozenset({"gamma", "poisson", "tweedie"})


@dataclass(frozen=True, slots=True)
class Link:
    """An objective with its options, and the divisor of an averaging forest."""

    name: str
    options: dict[str, str]
    width: int
    divisor: int | None

    @property
    def is_list(self) -> bool:
        """Whether a row gets several values."""
        return self.width > 1

    def of(self, margin: Expr) -> Expr:
        """What `predict` answers for a raw score or a list of them.

        Raises:
            UnsupportedModelError: an objective that is not known.
        """
        score = self._averaged(margin)
        match self.name:
            case "":
                return score
            case _ if self.name in IDENTITIES:
                if "sqrt" in self.options and self.name in ROOTS:
                    # sign(x) * x * x in LightGBM: the same bits.
                    return Binary(BinaryOp.MULTIPLY, Unary(UnaryOp.ABSOLUTE, score), score)
                return score
            case _ if self.name in EXPONENTIALS:
                return Call(Function.EXP, score)
            case "binary":
                return Call(Function.EXPIT, self._scaled(score))
            case "cross_entropy":
                return Call(Function.EXPIT, score)
            case "cross_entropy_lambda":
                return Call(Function.SOFTPLUS, score)
            case "multiclass":
                return Call(Function.SOFTMAX, score)
            case "multiclassova":
                return Call(Function.EXPIT_EACH, self._each(score, self._scaled))
            case _:
                raise UnsupportedModelError(
                    f"the objective {self.name!r} has a link that no front-end reads",
                    hint="train with an objective that LightGBM 4 documents",
                )

    def _averaged(self, margin: Expr) -> Expr:
        if self.divisor is None:
            return margin
        divisor = number(self.divisor)
        return self._each(margin, lambda one: Binary(BinaryOp.DIVIDE, one, divisor))

    def _scaled(self, score: Expr) -> Expr:
        steepness = float(self.options["sigmoid"])
        if steepness == 1:
            return score
        return Binary(BinaryOp.MULTIPLY, score, number(steepness))

    def _each(self, scores: Expr, change: Any) -> Expr:
        if not self.is_list:
            return change(scores)  # type: ignore[no-any-return]
        items = scores.items if isinstance(scores, Vector) else self._items(scores)
        changed = tuple(map(change, items))
        return scores if changed == items else Vector(changed)

    def _items(self, scores: Expr) -> tuple[Expr, ...]:
        return tuple(Element(scores, index) for index in range(self.width))


def link_of(header: Header, booster: Any, iterations: int) -> Link:
    """The link of a model of which so many iterations count.

    Raises:
        UnsupportedModelError: an option of the objective that the saved form rounds.
    """
    name, options = "", {}
    if header.objective:
        name, *pairs = header.objective
        options = {key: value for key, _, value in (pair.partition(":") for pair in pairs)}
    if "sigmoid" in options:
        _require_short(booster, options["sigmoid"])
    return Link(name, options, header.width, iterations if header.averages else None)


def _require_short(booster: Any, saved: str) -> None:
    """Refuse a sigmoid that LightGBM saves with fewer digits than it computes with."""
    trained = booster.params.get("sigmoid")
    if trained is not None and float(trained) != float(saved):
        raise UnsupportedModelError(
            f"sigmoid={trained!r} has more digits than LightGBM saves",
            hint="train with six digits or fewer",
        )


def decide(link: Link, margin: Reference, classes: tuple[Constant, Constant]) -> Expr:
    """The label that the argmax of [1 - p, p] gives, as one test of the margin.

    p rounds to one half, and so gives the first class, for some margins above zero as well. A NaN
    gives the first class too.
    """
    first, second = classes
    probability = link.of(margin)

    def is_first(score: float) -> bool:
        p = evaluate(probability, {}, {margin.name: score})
        if not isinstance(p, float):
            raise TypeError(f"a probability of {p!r}")
        return not p > 1.0 - p

    edge = last_passing(is_first, 0.0)
    if edge is None:
        raise UnsupportedModelError(
            f"the objective {link.name!r} never gives the first class",
            hint="train with an objective for classes, such as binary",
        )
    bound = Threshold(Comparison.LE, edge)
    return Branch(margin, bound, then=first, otherwise=second, missing=first)
