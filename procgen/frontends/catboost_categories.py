"""CatBoost's categories and target statistics: it compares 32-bit hashes, so texts must be known.

A statistic is one float32 for each combination of categories that was seen in training.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.catboost_combinations import (
    YES_OR_NO,
    Outcome,
    Part,
    combine,
    decode,
)
from procgen.frontends.catboost_documents import (
    CatFeature,
    CountTable,
    Document,
    FloatFeature,
    Json,
    Texts,
    float32,
    take,
)
from procgen.frontends.labels import to_number
from procgen.frontends.registry import Feature, Frame
from procgen.ir.expressions import (
    Branch,
    Case,
    Comparison,
    Expr,
    Match,
    Membership,
    Threshold,
    number,
)
from procgen.ir.types import DType, Scalar

SAVE_WITH_POOL = (
    "save it with model.save_model('model.json', format='json', pool=training_pool) and give that"
    " file, or give the training rows as a sample, or call"
    " procgen.frontends.remember_categories(model, training_data) first"
)


@dataclass(frozen=True, slots=True)
class Categories:
    """The columns of a frame as CatBoost sees them, and the texts behind its hashes."""

    document: Document
    frame: Frame
    texts: Texts | None

    def feature(self, column: CatFeature | FloatFeature) -> Feature:
        """The column of the frame."""
        return self.frame.features[column.column]

    def values(self, column: CatFeature, hashed: int) -> tuple[Scalar, ...]:
        """The values of a column that have this hash; in an integer column there may be none.

        Raises:
            UnsupportedModelError: no text with this hash is known.
        """
        feature = self.feature(column)
        if self.texts is None or hashed not in self.texts:
            few = "only hashes" if self.texts is None else f"no text for the hash {hashed}"
            raise UnsupportedModelError(
                f"of the categories of the column {feature.name!r} the CatBoost model holds {few}",
                hint=SAVE_WITH_POOL,
            )
        found = (as_category(text, feature.dtype) for text in self.texts[hashed])
        return tuple(value for value in found if value is not None)

    def cat(self, index: int) -> CatFeature:
        """The categorical column that CatBoost numbers so."""
        return next(cat for cat in self.document.cats if cat.index == index)

    def number(self, index: int) -> FloatFeature:
        """The numeric column that CatBoost numbers so."""
        return next(column for column in self.document.floats if column.index == index)


def as_category(text: str, dtype: DType) -> Scalar:
    """The value of a column of this type that CatBoost takes for a text, or None if none does.

    An integer is the text of its decimal digits, and a boolean is the text 1 or 0.
    """
    match dtype:
        case DType.TEXT:
            return text
        case DType.BOOL:
            return {"1": True, "0": False}.get(text)
        case _:
            return _integer(text)


def _integer(text: str) -> int | None:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 19):
        return None
    value = int(text)
    return value if str(value) == text and -(2**63) <= value < 2**63 else None


@dataclass(frozen=True, slots=True)
class Statistic:
    """A target statistic: the number for each value of a subject, and that for any other."""

    subject: Expr
    values: tuple[tuple[Scalar, float], ...]
    unseen: float

    def above(self, border: float) -> tuple[Membership, bool]:
        """A set of values, and whether the statistic of the values in it is above the border.

        That of the values outside the set is not, or the reverse. The set never holds most of all
        values, because it leaves out what was not seen in training.
        """
        unseen = self.unseen > border
        members = tuple(value for value, number_ in self.values if (number_ > border) is not unseen)
        return Membership(members), not unseen


def read_statistic(ctr: Json, known: Categories) -> Statistic:
    """A target statistic as a table of the columns that it combines."""
    where = "a target statistic"
    parts = [_part(element, known) for element in take(ctr, "elements", where)]
    identifier = take(ctr, "identifier", where)
    table: CountTable = take(known.document.tables, identifier, "the tables of target statistics")
    seen = decode(list(table.counts), parts)
    _require_all(table, {key for key, _ in seen}, known)
    numbers = {key: _value(ctr, table, counts) for key, counts in table.counts.items()}
    unseen = _value(ctr, table, None)
    if len(parts) == 1 and parts[0].question is None:
        values = tuple(
            (value, numbers[key])
            for key, (outcome,) in seen
            for value in parts[0].outcomes[outcome].values
        )
        return Statistic(parts[0].subject, values, unseen)
    subject, codes = combine(parts, [outcomes for _, outcomes in seen])
    pairs = zip(codes, seen, strict=True)
    return Statistic(subject, tuple((code, numbers[key]) for code, (key, _) in pairs), unseen)


def _part(element: Json, known: Categories) -> Part:
    where = "a combination of columns"
    kind = take(element, "combination_element", where)
    if kind == "float_feature":
        column = known.number(int(take(element, "float_feature_index", where)))
        subject = to_number(known.feature(column))
        border = _widened(float32(take(element, "border", where)))
        zero, one = number(0), number(1)
        missing = one if column.missing_is_largest else zero
        return Part(YES_OR_NO, subject, Branch(subject, border, zero, one, missing))
    cat = known.cat(int(take(element, "cat_feature_index", where)))
    subject = known.feature(cat).expr
    if kind == "cat_feature_value":
        hashes = known.texts or {}
        return Part(tuple(Outcome(h, known.values(cat, h)) for h in hashes), subject)
    members = known.values(cat, int(take(element, "value", where)))
    cases = tuple(Case(value, number(1)) for value in members)
    return Part(YES_OR_NO, subject, Match(subject, cases, number(0), number(0)))


def _widened(border: float) -> Threshold:
    """`float32(x) <= border` as one comparison of doubles: those up to half a step above pass."""
    above = float(np.nextafter(np.float32(border), np.float32(np.inf)))
    middle = border / 2 + min(above, 2.0**128) / 2
    # The number in the middle goes to the neighbour whose last bit is 0.
    is_even = not np.float32(border).view(np.int32) & 1
    return Threshold(Comparison.LE if is_even else Comparison.LT, middle)


def _require_all(table: CountTable, found: set[int], known: Categories) -> None:
    missing = len(table.counts.keys() - found)
    if missing:
        what = "only hashes" if known.texts is None else f"{missing} hashes without a text"
        raise UnsupportedModelError(
            f"of the categories behind a target statistic the CatBoost model holds {what}",
            hint=SAVE_WITH_POOL,
        )


def _value(ctr: Json, table: CountTable, counts: tuple[float, ...] | None) -> float:
    """The statistic of these counts, in float32 as CatBoost computes it; None is unseen."""
    where = "a target statistic"
    kind = take(ctr, "ctr_type", where)
    border = int(take(ctr, "target_border_idx", where))
    good, total = _good_and_total(kind, border, table, counts)
    names = ("prior_numerator", "prior_denomerator", "shift", "scale")
    numerator, denominator, shift, scale = (np.float32(take(ctr, name, where)) for name in names)
    share = (np.float32(good) + numerator) / (np.float32(total) + denominator)
    return float((share + shift) * scale)


def _good_and_total(
    kind: Any, border: int, table: CountTable, counts: tuple[float, ...] | None
) -> tuple[float, float]:
    match kind:
        case "Counter" | "FeatureFreq":
            return (counts or (0.0,))[0], table.denominator
        case "Borders" if counts is not None:
            return sum(counts[border + 1 :]), sum(counts)
        case "Buckets" if counts is not None:
            return counts[border], sum(counts)
        case "BinarizedTargetMeanValue" if counts is not None:
            return counts[0], counts[1]
        case "Borders" | "Buckets" | "BinarizedTargetMeanValue":
            return 0.0, 0.0
        case _:
            raise UnsupportedModelError(
                f"this CatBoost model has target statistics of the kind {kind}",
                hint="train with simple_ctr and combinations_ctr of the kinds Borders, Buckets,"
                " BinarizedTargetMeanValue and Counter",
            )
