from __future__ import annotations

import json
from pathlib import Path

import catboost
import joblib
import pytest

from procgen.errors import CorruptFileError, UnsupportedModelError, UntrustedFileError
from procgen.frontends import load_model, python_answers, read_model
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.verify import probe_rows
from tests.catboost_zoo import CATEGORICAL, ZOO, fitted, mixed

SAVED = Path(__file__).parents[2] / "models" / "catboost"
CATS = frozenset(name for name in ZOO if any(w in name for w in ("hot", "statis", "combi")))
PLAIN = [name for name in ZOO if name not in CATS | {"base", "pipeline"}]


def pool(name):
    return catboost.Pool(mixed(), cat_features=CATEGORICAL) if name in CATS else None


@pytest.mark.parametrize("name", PLAIN)
def test_binary_and_json_files_give_the_program_of_the_object(tmp_path, name) -> None:
    model = fitted(name)
    want = read_model(model)
    for form in ("cbm", "json"):
        model.save_model(str(tmp_path / f"m.{form}"), format=form)
        loaded = load_model(tmp_path / f"m.{form}")
        assert type(loaded) is type(model)
        assert read_model(loaded).program == want.program
        assert read_model(loaded).class_names == want.class_names


@pytest.mark.parametrize("name", sorted(CATS))
def test_json_saved_with_a_pool_holds_the_categories(tmp_path, name) -> None:
    model = fitted(name)
    model.save_model(str(tmp_path / "m.json"), format="json", pool=pool(name))
    loaded = load_model(tmp_path / "m.json")
    program = read_model(loaded).program
    assert program == read_model(model).program
    rows = probe_rows(program, limit=200)
    answers = python_answers(loaded, program.inputs, rows)
    assert answers == python_answers(model, program.inputs, rows)


def test_the_raw_scores_of_a_json_file_are_the_models_own_and_not_catboosts(tmp_path) -> None:
    model = fitted("by depth")
    model.save_model(str(tmp_path / "m.json"), format="json")
    content = json.loads((tmp_path / "m.json").read_text())
    loaded = load_model(tmp_path / "m.json")
    assert sorted(loaded.get_leaf_values()) == sorted(model.get_leaf_values())
    assert loaded.get_scale_and_bias() == model.get_scale_and_bias()
    assert content["scale_and_bias"][1] == [model.get_scale_and_bias()[1]]


def test_a_fractional_sum_that_catboost_does_not_read_back_is_refused(tmp_path) -> None:
    name = "statistics"
    fitted(name).save_model(str(tmp_path / "m.json"), format="json", pool=pool(name))
    text = (tmp_path / "m.json").read_text()
    content = json.loads(text.replace("Borders", "BinarizedTargetMeanValue"))
    for table in content["ctr_data"].values():
        table["hash_map"][-2] += 0.5
    (tmp_path / "m.json").write_text(json.dumps(content))
    with pytest.raises(UnsupportedModelError, match=r"does not load .* save the model as \.cbm"):
        load_model(tmp_path / "m.json")


def test_a_pickle_of_a_model_needs_trust(tmp_path) -> None:
    joblib.dump(fitted("multiclass"), tmp_path / "m.joblib")
    with pytest.raises(UntrustedFileError):
        load_model(tmp_path / "m.joblib")
    loaded = load_model(tmp_path / "m.joblib", trust=True)
    assert read_model(loaded).program == read_model(fitted("multiclass")).program


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("form", ["cbm", "json"])
def test_a_truncated_file_is_corrupt(tmp_path, form, share) -> None:
    path = tmp_path / f"m.{form}"
    fitted("regressor").save_model(str(path), format=form)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(CorruptFileError, match="save the model again"):
        load_model(path)


def damage(content, name):
    tree = content["oblivious_trees"][0]
    match name:
        case "split out of range":
            tree["splits"][0]["split_index"] = 10**6
        case "split of another column":
            split = tree["splits"][0]
            split["float_feature_index"] = (split["float_feature_index"] + 1) % 3
        case "too few leaves":
            tree["leaf_values"].pop()
        case "no scale":
            del content["scale_and_bias"]
        case "another treatment of NaN":
            content["features_info"]["float_features"][0]["nan_value_treatment"] = "AsOften"
        case "columns of another kind":
            content["features_info"]["text_features"] = []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("split out of range", "a split is not one of those"),
        ("split of another column", "does not load from"),
        ("too few leaves", "not of one width"),
        ("no scale", "has no 'scale_and_bias' in the model"),
        ("another treatment of NaN", "treats NaN AsOften"),
        ("columns of another kind", "has text_features"),
    ],
)
def test_a_damaged_json_file_is_refused(tmp_path, name, message) -> None:
    fitted("regressor").save_model(str(tmp_path / "m.json"), format="json")
    content = json.loads((tmp_path / "m.json").read_text())
    damage(content, name)
    (tmp_path / "m.json").write_text(json.dumps(content))
    with pytest.raises((CorruptFileError, UnsupportedModelError), match=message):
        read_model(load_model(tmp_path / "m.json"))


def test_leaves_without_weights_do_not_reach_catboosts_reader(tmp_path) -> None:
    fitted("by loss").save_model(str(tmp_path / "m.json"), format="json")
    text = (tmp_path / "m.json").read_text().replace('"weight"', '"height"')
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(UnsupportedModelError, match="no 'weight' in a leaf"):
        load_model(tmp_path / "m.json")


RECORDED = json.loads((SAVED / "answers.txt").read_text("utf-8"))


@pytest.mark.parametrize("name", RECORDED["answers"])
def test_files_of_an_older_release_score_as_it_wrote_down(name) -> None:
    model = load_model(SAVED / name)
    program = read_model(model).program
    names = [field.name for field in program.inputs]
    rows = [dict(zip(names, row, strict=True)) for row in RECORDED["rows"][names[0]]]
    margins = interpret(program, rows)[OutputName.MARGIN]
    recorded = RECORDED["answers"][name]
    assert [list(m) if isinstance(m, tuple) else m for m in margins] == recorded
    assert python_answers(model, program.inputs, rows)[OutputName.MARGIN] == margins
