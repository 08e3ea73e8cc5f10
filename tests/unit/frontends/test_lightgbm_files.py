"""LightGBM's saved forms: text and dump give the object's own Program; damage is named."""

from __future__ import annotations

import json
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest
import skops.io

from procgen.errors import CorruptFileError, UnsupportedModelError
from procgen.frontends import load_model, read_model
from procgen.ir.codec import digest
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from tests.lightgbm_zoo import ZOO, booster, fitted

MODELS = Path(__file__).parents[2] / "models" / "lightgbm"
BOOSTERS = [name for name in ZOO if not name.startswith("pipeline")]


def digest_of(model, inputs=None, types=None):
    return digest(read_model(model, inputs, types).program)


@pytest.mark.parametrize("name", BOOSTERS)
def test_saved_forms_read_as_the_booster_does(tmp_path, name):
    model, inputs, types = fitted(name)
    model = getattr(model, "booster_", model)
    text, dump = tmp_path / "m.txt", tmp_path / "m.json"
    model.save_model(text)
    dump.write_text(json.dumps(model.dump_model()))
    want = digest_of(model, inputs, types)
    assert digest_of(load_model(text), inputs, types) == want
    assert digest_of(load_model(dump), inputs, types) == want


@pytest.mark.parametrize("suffix", ["txt", "json"])
@pytest.mark.parametrize("version", ["2.3.1", "3.3.5", "4.3.0"])
def test_models_of_older_versions_score_as_they_do_in_lightgbm(version, suffix, capsys):
    model = load_model(MODELS / f"churn_{version}.{suffix}")
    assert not capsys.readouterr().out
    program = read_model(model, types={"plan": "float64"}).program
    random = np.random.default_rng(0)
    X = random.normal(size=(500, 3)) * [40, 30_000, 3] + [40, 30_000, 2]
    X[::9, 0] = np.nan
    rows = [dict(zip(("age", "income", "plan"), row, strict=True)) for row in X.tolist()]
    want = model.predict(X, raw_score=True).tolist()
    assert interpret(program, rows)[OutputName.MARGIN] == want


@pytest.mark.parametrize("name", ["m.txt", "m.lgb", "m.model", "model"])
def test_text_is_known_by_name_or_content(tmp_path, name):
    path = tmp_path / name
    booster().save_model(path)
    assert isinstance(load_model(path), lgb.Booster)


def test_text_with_windows_line_ends_loads(tmp_path):
    path = tmp_path / "m.txt"
    text = booster().model_to_string()
    path.write_bytes(text.replace("\n", "\r\n").encode())
    assert digest_of(load_model(path), list("abcd")) == digest_of(booster(), list("abcd"))


@pytest.mark.parametrize("share", [0.0, 0.02, 0.1, 0.3, 0.5])
def test_truncated_text_is_corrupt(tmp_path, share):
    path = tmp_path / "m.txt"
    text, _, _ = booster().model_to_string().partition("end of trees")
    path.write_text(text[: int(len(text) * share * 2)])
    with pytest.raises(CorruptFileError, match=r"cannot be loaded as a model saved by LightGBM"):
        load_model(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("left_child=", "left_child=7 "),
        ("split_feature=", "split_feature=x "),
        ("threshold=", "threshold_="),
        ("num_leaves=6", "num_leaves=5"),
        ("Tree=1", "Tree=2"),
        ("feature_names=", "feature_names=z "),
        ("\nversion=v4", "\nversion=v9"),
    ],
)
def test_text_that_was_tampered_with_is_refused(tmp_path, old, new):
    path = tmp_path / "m.txt"
    text = booster().model_to_string()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises((CorruptFileError, UnsupportedModelError), match="LightGBM"):
        load_model(path)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"tree_info": []}', '{"tree_info": [{"num_leaves": 2}], "version": "v4"}'],
)
def test_json_that_is_no_dump_is_refused(tmp_path, content):
    path = tmp_path / "m.json"
    path.write_text(content)
    with pytest.raises((CorruptFileError, UnsupportedModelError), match=r"m\.json"):
        load_model(path)


def test_a_wrapper_in_skops_needs_no_trust(tmp_path):
    path = tmp_path / "m.skops"
    model = fitted("classifier of text").model
    skops.io.dump(model, path)
    assert digest_of(load_model(path)) == digest_of(model)
