from __future__ import annotations

import re
from pathlib import Path

import catboost
import numpy as np
import pandas as pd
import pytest

from procgen.errors import LimitError, UnsupportedModelError
from procgen.frontends import python_answers, read_model, remember_categories
from procgen.frontends.catboost_categories import as_category
from procgen.frontends.catboost_combinations import Outcome, Part, combine, decode
from procgen.frontends.catboost_documents import REMEMBERED, known_texts
from procgen.ir.expressions import Column
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.ir.types import DType
from tests.catboost_zoo import CATEGORICAL, SMALL, fitted, mixed, mixed_score

ROW = {"amount": 0.5, "plan": "pro", "city": "city 3", "level": "2", "active": "1"}


def fresh(**options):
    model = catboost.CatBoostRegressor(**{**SMALL, **options})
    return model.fit(mixed(), mixed_score(), cat_features=CATEGORICAL)


def test_a_model_whose_categories_are_hashes_is_refused_with_two_ways_out() -> None:
    message = r"of the column 'plan' the CatBoost model holds only hashes; save it .* pool=.*"
    with pytest.raises(UnsupportedModelError, match=message + "remember_categories"):
        read_model(fresh(one_hot_max_size=100))
    with pytest.raises(UnsupportedModelError, match=r"target statistic .* holds only hashes"):
        read_model(fresh(one_hot_max_size=1))


def test_texts_of_other_data_than_the_training_rows_are_refused() -> None:
    model = fresh(one_hot_max_size=100)
    remember_categories(model, mixed().assign(plan="elsewhere"))
    with pytest.raises(UnsupportedModelError, match=r"'plan' .* holds no text for the hash"):
        read_model(model)
    model = fresh(one_hot_max_size=1, max_ctr_complexity=1)
    remember_categories(model, mixed().assign(plan="elsewhere"))
    with pytest.raises(UnsupportedModelError, match=r"target statistic .* hashes without a text"):
        read_model(model)


def test_categories_are_learned_from_a_pool_or_a_frame() -> None:
    first, second = fresh(), fresh()
    remember_categories(first, mixed())
    remember_categories(second, catboost.Pool(mixed(), cat_features=CATEGORICAL))
    assert known_texts(first) == known_texts(second)
    assert read_model(first).program == read_model(second).program


def test_a_model_without_splits_on_categories_needs_no_texts() -> None:
    frame = mixed()[["amount", "plan"]]
    model = catboost.CatBoostRegressor(**SMALL).fit(
        frame, frame["amount"].fillna(0.0), cat_features=["plan"], sample_weight=np.ones(len(frame))
    )
    assert not hasattr(model, REMEMBERED)
    if any("plan" in str(part) for part in model.get_feature_importance(prettified=True).values):
        remember_categories(model, frame)
    program = read_model(model).program
    rows = [{"amount": 0.5, "plan": "never seen"}, {"amount": None, "plan": None}]
    assert python_answers(model, program.inputs, rows) == interpret(program, rows)
    assert interpret(program, rows)[OutputName.PREDICT][1] is None


@pytest.mark.parametrize("name", ["one-hot", "statistics", "combinations"])
def test_a_missing_category_is_refused_and_an_unseen_one_is_not(name) -> None:
    model = fitted(name)
    program = read_model(model).program
    rows = [ROW | {"plan": text} for text in ("pro", "Pro", "pro ", "", "nan", "None", None)]
    rows += [ROW | {"city": None}, ROW | {"level": "02"}, ROW | {"active": "True"}]
    want, got = python_answers(model, program.inputs, rows), interpret(program, rows)
    assert got[OutputName.MARGIN] == want[OutputName.MARGIN]
    assert [value is None for value in got[OutputName.MARGIN]] == [False] * 6 + [True] * 2 + [
        False,
        False,
    ]


def test_categories_may_be_integers_and_booleans() -> None:
    model = fitted("one-hot")
    types = {"level": DType.INT64, "active": DType.BOOL}
    program = read_model(model, types=types).program
    typed = ROW | {"level": 2, "active": True}
    rows = [typed, typed | {"level": -2, "active": False}, typed | {"level": 10**18}]
    rows += [typed | {"level": None}, typed | {"active": None}, typed | {"amount": None}]
    want, got = python_answers(model, program.inputs, rows), interpret(program, rows)
    assert got == want
    assert interpret(read_model(model).program, [ROW]) == {
        name: values[:1] for name, values in got.items()
    }


def test_a_category_is_no_float() -> None:
    with pytest.raises(UnsupportedModelError, match=r"'level' is float64.* int64 or bool"):
        read_model(fitted("one-hot"), types={"level": DType.FLOAT64})


def test_a_number_is_no_text() -> None:
    with pytest.raises(UnsupportedModelError, match="'amount' is text"):
        read_model(fitted("one-hot"), types={"amount": DType.TEXT})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("-7", -7),
        ("0", 0),
        ("9223372036854775807", 2**63 - 1),
        ("9223372036854775808", None),
        ("-0", None),
        ("07", None),
        ("+7", None),
        ("7.0", None),
        ("\u0667", None),
        ("", None),
        ("-", None),
    ],
)
def test_an_integer_is_the_category_of_its_own_digits_only(text, value) -> None:
    assert as_category(text, DType.INT64) == value


def test_a_boolean_is_the_category_1_or_0() -> None:
    assert [as_category(text, DType.BOOL) for text in ("1", "0", "True")] == [True, False, None]


def test_target_statistics_of_other_kinds_are_refused_by_name(monkeypatch) -> None:
    model = fitted("statistics")
    save = type(model).save_model

    def changed(self, path, **options):
        save(self, path, **options)
        text = Path(path).read_text("utf-8")
        content = re.sub(r'"ctr_type": *"\w+"', '"ctr_type":"FloatTargetMeanValue"', text)
        Path(path).write_text(content, "utf-8")

    monkeypatch.setattr(type(model), "save_model", changed)
    with pytest.raises(UnsupportedModelError, match="of the kind FloatTargetMeanValue"):
        read_model(model)


def part(column, *hashes):
    return Part(tuple(Outcome(h, (str(h),)) for h in hashes), Column(column))


def test_a_hash_stands_for_every_combination_that_has_it() -> None:
    parts = (part("x", 5, -3), part("y", 11, 12, 13))
    keys = [decode_key(5, 12), decode_key(-3, 13), 42]
    assert decode(keys, parts) == sorted([(keys[0], (0, 1)), (keys[1], (1, 2))])


def decode_key(*hashes):
    multiplier, total = 0x4906BA494954CB65, 0
    for hashed in hashes:
        total = multiplier * (total + multiplier * hashed) % 2**64
    return total


def test_combinations_have_numbers_of_their_own() -> None:
    parts = (part("x", 5, -3), part("y", 11, 12, 13))
    seen = [(0, 1), (1, 2), (1, 1)]
    _, codes = combine(parts, seen)
    assert len(set(codes)) == len(seen)
    assert min(codes) > 0


def test_too_many_combinations_are_refused_with_the_option() -> None:
    many = part("x", *range(30_000))
    with pytest.raises(LimitError, match="max_ctr_complexity=1"):
        decode([1], (many, many, many))


def test_rows_of_a_frame_of_categories_only_are_read() -> None:
    frame = pd.DataFrame({"c": ["x", "y", "z", "z"] * 30})
    model = catboost.CatBoostRegressor(**SMALL, one_hot_max_size=9)
    model.fit(frame, frame["c"].map({"x": 1.0, "y": 2.0, "z": 4.0}), cat_features=["c"])
    remember_categories(model, frame)
    rows = [{"c": text} for text in ("x", "y", "z", "w", None)]
    program = read_model(model).program
    assert python_answers(model, program.inputs, rows) == interpret(program, rows)
