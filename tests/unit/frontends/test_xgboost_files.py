from __future__ import annotations

import warnings
from pathlib import Path

import pytest
import xgboost

from procgen.errors import CorruptFileError, UnsupportedModelError
from procgen.frontends import load_model, python_answers, read_model
from procgen.ir.codec import digest
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.verify import probe_rows
from tests.xgboost_zoo import fitted, inputs_of

MODELS = Path(__file__).parents[2] / "models" / "xgboost"
SAVED = [
    "squared error",
    "two classes",
    "rank:ndcg",
    "dart, three classes",
    "categories in sets",
    "vector leaves",
    "early stopping",
    "Booster",
    "Booster, array",
    "linear, three classes",
]
OLDER = {
    "classifier-2.1.4.json": "XGBClassifier",
    "poisson-2.1.4.ubj": "XGBRegressor",
    "dart-2.1.4.json": "Booster",
}


@pytest.mark.parametrize("suffix", [".json", ".ubj", ".bst", ".model"])
@pytest.mark.parametrize("name", SAVED)
def test_a_saved_model_reads_as_the_model_itself(name, suffix, tmp_path) -> None:
    model = fitted(name)
    path = tmp_path / f"model{suffix}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library guesses the form of another name
        model.save_model(path)
    loaded = load_model(path)
    assert type(loaded) is type(model)
    inputs = inputs_of(model)
    want, got = read_model(model, inputs), read_model(loaded, inputs)
    assert digest(got.program) == digest(want.program)


@pytest.mark.parametrize("name", OLDER)
def test_models_of_older_versions_score_as_the_library_scores_them(name) -> None:
    model = load_model(MODELS / name)
    assert type(model).__name__ == OLDER[name]
    program = read_model(model).program
    rows = probe_rows(program, limit=300)
    want = python_answers(model, program.inputs, rows)
    got = interpret(program, rows)
    assert got[OutputName.MARGIN] == want[OutputName.MARGIN]
    assert sum(margin is not None for margin in want[OutputName.MARGIN]) > len(rows) / 2


@pytest.mark.parametrize("suffix", [".json", ".ubj"])
def test_a_damaged_file_is_refused(suffix, tmp_path) -> None:
    path = tmp_path / f"model{suffix}"
    fitted("squared error").save_model(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if suffix == ".ubj" else b'{"learner": 3}')
    with pytest.raises(CorruptFileError, match=path.name) as caught:
        load_model(path)
    assert "/workspace" not in str(caught.value)


def test_json_of_nothing_known_is_refused(tmp_path) -> None:
    path = tmp_path / "model.json"
    path.write_text('{"answer": 42}')
    with pytest.raises(UnsupportedModelError, match="learner"):
        load_model(path)


def test_a_booster_saved_without_a_wrapper_stays_a_booster(tmp_path) -> None:
    path = tmp_path / "model.json"
    fitted("two classes").get_booster().save_model(path)
    assert isinstance(load_model(path), xgboost.Booster)
