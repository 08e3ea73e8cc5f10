"""The columns of a LightGBM model: names, categorical ones, and the levels that pandas gave them.

The saved form lists the levels of pandas columns in order but not which columns they are of: that
follows from what each column held in training, or the model is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from procgen.errors import UnfittedModelError, UnsupportedModelError
from procgen.frontends.categories import Categories, comparable, read_categories
from procgen.frontends.lightgbm_text import UNUSED, Header, is_listed, read_header
from procgen.frontends.reading import COLUMNS
from procgen.frontends.registry import Feature
from procgen.frontends.wants import ANYTHING, Want, wants
from procgen.ir.expressions import Case, Constant, Match, number
from procgen.ir.types import DType

BOOSTER = "lightgbm.basic.Booster"
CLASSIFIER = "lightgbm.sklearn.LGBMClassifier"
REGRESSOR = "lightgbm.sklearn.LGBMRegressor"
RANKER = "lightgbm.sklearn.LGBMRanker"
EVERY_CLASS = (BOOSTER, CLASSIFIER, REGRESSOR, RANKER)
MADE_UP_NAME = re.compile(r"Column_\d+")
MISSING = Constant(None, DType.FLOAT64)


Types = Sequence[DType | None]
Way = tuple[int, int, bool]
FREE: Way = (0, 1, False)
IMPOSSIBLE: Way = (0, 0, False)


def booster_of(model: Any) -> Any:
    """The Booster inside a scikit-learn wrapper, or the Booster itself."""
    return model.booster_ if hasattr(model, "booster_") else model


@COLUMNS.reads(BOOSTER)
def own_columns(booster: Any) -> tuple[int, tuple[str, ...] | None]:
    """How many columns, and their names unless LightGBM made them up."""
    names = tuple(booster.feature_name())
    made_up = all(MADE_UP_NAME.fullmatch(name) for name in names)
    return len(names), None if made_up else names


@wants(*EVERY_CLASS)
def column_wants(model: Any, count: int) -> tuple[Want, ...]:
    """Levels of their own type; other categorical columns hold whole numbers."""
    header = header_of(model)
    wanted = [ANYTHING] * count
    for place in header.categorical:
        wanted[place] = Want(DType.INT64)
    levels = _read_levels(header)
    # Where it is not clear whose they are, the types that the user declares decide.
    for place, categories in zip(_places(header, levels) or (), levels, strict=False):
        wanted[place] = categories.want
    return tuple(wanted)


def header_of(model: Any) -> Header:
    """All but the trees of a fitted model."""
    return read_header(text_of(booster_of(model), iterations=1))


def text_of(booster: Any, iterations: int) -> str:
    """The text form of the first iterations, or of all of them if `iterations` is not positive.

    Raises:
        UnfittedModelError: no tree has been trained.
        UnsupportedModelError: pandas levels that LightGBM cannot save.
    """
    if not booster.num_trees():
        raise UnfittedModelError("this Booster has no trees", hint="train it first")
    try:
        text: str = booster.model_to_string(num_iteration=iterations)
    except (TypeError, ValueError) as error:  # raised by Python's JSON writer
        raise UnsupportedModelError(
            f"a column's categories cannot be saved ({error})",
            hint="train with categories that are text, integers, booleans or floats",
        ) from error
    return text


def levels_by_column(header: Header, types: Types = ()) -> dict[int, Categories]:
    """The levels of each column that pandas held as a category in training.

    Args:
        header: what the saved form says.
        types: the type of each column, None where it is not known.

    Raises:
        UnsupportedModelError: the levels could be of several columns.
    """
    levels = _read_levels(header)
    places = _places(header, levels, types)
    if places is None:
        raise UnsupportedModelError(
            f"the model holds the levels of {len(levels)} pandas columns and does not say which",
            hint="declare the types of the columns that were categories in training, and of those "
            "alone, as text; or train with unordered categories",
        )
    return dict(zip(places, levels, strict=True))


def _read_levels(header: Header) -> list[Categories]:
    return [
        read_categories(np.array([*one, None], dtype=object)[:-1], f"pandas column {index}")
        for index, one in enumerate(header.levels)
    ]


def _places(header: Header, levels: Sequence[Categories], types: Types = ()) -> list[int] | None:
    """The column of each list of levels: in order, fitting its values, categorical ones first.

    None if that leaves a choice. `best[i][j]` is the cheapest way to place the first i lists among
    the first j columns: its cost, the number of ways, and whether column j - 1 is taken.
    """
    kinds = types or (None,) * len(header.names)
    row = [FREE]
    for kind in kinds:
        row.append(_untaken(row[-1], kind))
    best = [row]
    for one in levels:
        row = [IMPOSSIBLE]
        for place, (values, kind) in enumerate(zip(header.ranges, kinds, strict=True)):
            cost, ways, _ = best[-1][place]
            taken = IMPOSSIBLE
            if _is_type(one, kind) and _fits(values, len(one.codes)):
                taken = (cost + (place not in header.categorical), ways, True)
            row.append(_cheaper(_untaken(row[place], kind), taken))
        best.append(row)
    return _trace(best) if best[-1][-1][1] == 1 else None


def _untaken(way: Way, kind: DType | None) -> Way:
    """The way, if this column need not be one of levels: text always is."""
    return IMPOSSIBLE if kind is DType.TEXT else (way[0], way[1], False)


def _cheaper(untaken: Way, taken: Way) -> Way:
    if not taken[1] or not untaken[1] or taken[0] != untaken[0]:
        return min(taken, untaken, key=lambda way: (not way[1], way[0]))
    return (untaken[0], untaken[1] + taken[1], untaken[2])


def _is_type(categories: Categories, kind: DType | None) -> bool:
    return kind is None or (kind is DType.TEXT) == (categories.dtype is DType.TEXT)


def _trace(best: list[list[Way]]) -> list[int]:
    places: list[int] = []
    place = len(best[0]) - 1
    for row in reversed(best[1:]):
        while not row[place][2]:
            place -= 1
        place -= 1
        places.append(place)
    return places[::-1]


def _fits(values: str, size: int) -> bool:
    """Whether codes below `size` explain what a column held."""
    if values == UNUSED:
        return True
    if is_listed(values):
        return all(int(value) < size for value in values.split(":"))
    low, high = map(float, values.strip("[]").split(":"))
    return low >= 0 and high < size and low.is_integer() and high.is_integer()


def code_of(feature: Feature, categories: Categories) -> Match:
    """The code of a level; a value that is no level counts as missing."""
    subject, values = comparable(feature, categories)
    cases = tuple(
        Case(value, number(code)) for value, (_, code) in zip(values, categories.codes, strict=True)
    )
    return Match(subject, cases, otherwise=MISSING, missing=MISSING)
