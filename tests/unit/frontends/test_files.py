"""Saved models: what loads, what needs trust, and what is refused without a traceback."""

from __future__ import annotations

import gzip
import json
import pickle
import warnings
import zipfile

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.linear_model import LogisticRegression, SGDClassifier, TweedieRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder
from skops import io

from procgen.errors import (
    CorruptFileError,
    ProcgenError,
    UnsupportedModelError,
    UntrustedFileError,
)
from procgen.frontends import load_model

X = np.arange(60.0).reshape(30, 2)
Y = np.arange(30) % 2


class Marker:
    """Unpickling it would run code."""

    loaded = False

    def __setstate__(self, state):
        Marker.loaded = True


def model():
    return LogisticRegression().fit(X, Y)


def saved(folder, name, value=None):
    path = folder / name
    value = model() if value is None else value
    match path.suffix.lower():
        case ".skops":
            io.dump(value, path)
        case ".joblib":
            joblib.dump(value, path)
        case _:
            path.write_bytes(pickle.dumps(value))
    return path


def same(one, other):
    return (one.coef_ == other.coef_).all() and (one.predict(X) == other.predict(X)).all()


def test_skops_loads_without_trust(tmp_path):
    assert same(load_model(saved(tmp_path, "m.skops")), model())
    assert same(load_model(str(saved(tmp_path, "M.SKOPS"))), model())


@pytest.mark.parametrize(
    "fitted",
    [
        RandomForestClassifier(2).fit(X, Y),
        HistGradientBoostingClassifier(max_iter=2, categorical_features=[0]).fit(X % 7, Y),
        TweedieRegressor(power=1.5).fit(X / 60, Y + 1),
        TweedieRegressor(power=0).fit(X / 60, Y),
        SGDClassifier(loss="modified_huber").fit(X, Y),
        make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()).fit(X, Y),
    ],
    ids=lambda fitted: type(fitted).__name__,
)
def test_common_models_need_no_trust(tmp_path, fitted):
    loaded = load_model(saved(tmp_path, "m.skops", fitted))
    assert (loaded.predict(X) == fitted.predict(X)).all()


def test_skops_with_other_types_needs_trust(tmp_path):
    pipeline = make_pipeline(FunctionTransformer(json.loads), LogisticRegression())
    path = saved(tmp_path, "m.skops", pipeline)
    with pytest.raises(UntrustedFileError, match=r"json\.loads|json\.decoder"):
        load_model(path)
    assert isinstance(load_model(path, trust=True), type(pipeline))


@pytest.mark.parametrize("name", ["m.pkl", "m.pickle", "m.joblib", "m.model"])
def test_pickle_needs_trust(tmp_path, name):
    path = saved(tmp_path, name)
    with pytest.raises(UntrustedFileError, match=r"runs whatever code .* --trust .*skops"):
        load_model(path)
    assert same(load_model(path, trust=True), model())


def test_refused_pickle_runs_nothing(tmp_path):
    with pytest.raises(UntrustedFileError):
        load_model(saved(tmp_path, "m.pkl", Marker()))
    assert not Marker.loaded


@pytest.mark.parametrize("compress", ["gzip", "zlib", "bz2", "xz"])
def test_compressed_pickle_is_known_by_its_content(tmp_path, compress):
    path = tmp_path / "model"
    joblib.dump(model(), path, compress=(compress, 3))
    with pytest.raises(UntrustedFileError):
        load_model(path)
    assert same(load_model(path, trust=True), model())


def test_skops_is_known_by_its_content(tmp_path):
    path = saved(tmp_path, "m.skops").rename(tmp_path / "model.bin")
    assert same(load_model(path), model())


@pytest.mark.parametrize("name", ["m.skops", "m.pkl", "m.joblib"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_truncated_file_is_corrupt(tmp_path, name, share):
    path = saved(tmp_path, name)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(CorruptFileError, match=r"cannot be loaded as .*save the model again"):
        load_model(path, trust=True)


def test_zip_without_a_model_is_corrupt(tmp_path):
    path = tmp_path / "m.skops"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", "{}")
    with pytest.raises(CorruptFileError, match="cannot be loaded as a skops file"):
        load_model(path)


def test_file_of_another_kind_than_its_name_is_corrupt(tmp_path):
    skops = saved(tmp_path, "m.skops").rename(tmp_path / "m.pkl")
    with pytest.raises(CorruptFileError, match="cannot be loaded as a pickle"):
        load_model(skops, trust=True)
    pickled = saved(tmp_path, "n.pkl").rename(tmp_path / "n.skops")
    with pytest.raises(CorruptFileError, match="cannot be loaded as a skops file"):
        load_model(pickled, trust=True)


def test_missing_package_of_a_pickle_is_named(tmp_path):
    path = tmp_path / "m.pkl"
    path.write_bytes(b"cabsent_package\nThing\n.")
    with pytest.raises(UnsupportedModelError, match="needs the package absent_package"):
        load_model(path, trust=True)


@pytest.mark.parametrize(("name", "library"), [("m.onnx", "ONNX"), ("m.pmml", "PMML")])
def test_format_of_another_library_is_refused_by_name(tmp_path, name, library):
    path = tmp_path / name
    path.write_text("tree\nversion=v4\n")
    with pytest.raises(UnsupportedModelError, match=library):
        load_model(path)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"\x80\x09", gzip.compress(b"")[:1]])
def test_unknown_file_is_refused_with_the_kinds(tmp_path, content):
    path = tmp_path / "m.csv"
    path.write_bytes(content)
    with pytest.raises(UnsupportedModelError, match=r"the kinds are \.skops, \.pkl"):
        load_model(path)


def test_missing_file_and_folder_are_refused(tmp_path):
    with pytest.raises(ProcgenError, match="does not exist"):
        load_model(tmp_path / "m.skops")
    with pytest.raises(ProcgenError, match="is not a file"):
        load_model(tmp_path)


@pytest.fixture
def older(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sklearn.base, "__version__", "1.5.0")
        return saved(tmp_path, "m.pkl", RandomForestClassifier(3).fit(X, Y))


def test_model_of_another_version_loads_with_warnings(older):
    with pytest.warns(InconsistentVersionWarning) as caught:
        load_model(older, trust=True)
    assert len(caught) == 2  # the forest and, once, its trees


def test_warnings_as_errors_do_not_stop_a_load(older, recwarn):
    warnings.simplefilter("error")
    assert load_model(older, trust=True).n_estimators == 3
    assert {warning.category for warning in recwarn} == {InconsistentVersionWarning}
