"""CatBoost's files, read by the library itself: neither `.cbm` nor JSON runs code of the file.

What CatBoost's reader of JSON gets wrong, the last bit of many leaf values, is put right.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from procgen.errors import CorruptFileError, ProcgenError, UnsupportedModelError
from procgen.frontends.catboost_documents import (
    EMPTY_SLOT,
    REMEMBERED,
    Document,
    Json,
    document_of,
    leaf_values,
    numbers,
    read_document,
    require_trained,
    take,
    texts_in,
)

CLASSIFICATION = frozenset(
    {
        "CrossEntropy",
        "Focal",
        "Logloss",
        "MultiClass",
        "MultiClassOneVsAll",
        "MultiCrossEntropy",
        "MultiLogloss",
    }
)
RANKING = frozenset(
    {
        "GroupQuantile",
        "LambdaMart",
        "PairLogit",
        "PairLogitPairwise",
        "QueryCrossEntropy",
        "QueryRMSE",
        "QuerySoftMax",
        "StochasticFilter",
        "StochasticRank",
        "YetiRank",
        "YetiRankPairwise",
    }
)


def load_cbm(path: Path, trust: bool) -> Any:  # noqa: ARG001, FBT001 - a Loader
    """Load a binary model as a classifier, ranker or regressor, by its loss."""
    model = _load(path, "cbm", path)
    require_trained(model)
    return model


def load_json(path: Path, trust: bool) -> Any:  # noqa: ARG001, FBT001 - a Loader
    """Load a model saved with format="json"; with a pool, the texts of its categories are in it."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise _corrupt(path, error) from error
    document = read_document(content)
    _require_sound(document, content, path)
    with tempfile.TemporaryDirectory() as folder:
        repaired = Path(folder) / "model.json"
        repaired.write_text(json.dumps(_without_empty_slots(content)), "utf-8")
        model = _load(repaired, "json", path)
    require_trained(model)
    model.set_leaf_values(np.array(leaf_values(document)))
    model.set_scale_and_bias(document.scale, _bias(document))
    if document_of(model) != document:
        raise UnsupportedModelError(
            f"CatBoost does not load from {path} what is in it",
            hint="save the model as .cbm; its JSON form does not survive loading",
        )
    texts = texts_in(content)
    if texts:
        setattr(model, REMEMBERED, texts)
    return model


def _require_sound(document: Document, content: dict[str, Any], path: Path) -> None:
    """Refuse what CatBoost would follow out of its memory: it does not check a JSON file."""
    count = sum(len(column.borders) for column in document.floats)
    count += sum(len(column.values) for column in document.cats)
    count += sum(len(take(ctr, "borders", "a target statistic")) for ctr in document.ctrs)
    form = "oblivious_trees" if document.oblivious else "trees"
    widths: set[float] = {len(document.bias)} if any(document.bias) else set()
    for tree in take(content, form, "the model"):
        for split, leaf in _parts(tree, oblivious=document.oblivious):
            if split is not None and not 0 <= int(take(split, "split_index", "a split")) < count:
                raise _corrupt(path, ValueError("a split is not one of those that it lists"))
            if leaf is not None:
                widths.add(leaf)
    if len(widths) != 1 or min(widths) < 1:
        raise _corrupt(path, ValueError("its trees are not of one width"))


def _parts(tree: Json, *, oblivious: bool) -> Iterator[tuple[Json | None, float | None]]:
    """Each split, and of each leaf how many values it has."""
    if oblivious:
        splits = tree.get("splits") or ()
        yield None, len(take(tree, "leaf_values", "a tree")) / 2 ** len(splits)
        yield from ((split, None) for split in splits)
        return
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if "value" in node:
            take(node, "weight", "a leaf")
            yield None, len(numbers(node["value"]))
        else:
            yield take(node, "split", "a node"), None
            waiting += take(node, "left", "a node"), take(node, "right", "a node")


def _bias(document: Document) -> float | list[float]:
    return document.bias[0] if len(document.bias) == 1 else list(document.bias)


def _without_empty_slots(content: dict[str, Any]) -> dict[str, Any]:
    """The JSON form with only those rows in its tables that stand for categories."""
    tables = {}
    for key, table in (content.get("ctr_data") or {}).items():
        stride, cells = table["hash_stride"], table["hash_map"]
        rows = [cells[at : at + stride] for at in range(0, len(cells), stride)]
        kept = [cell for row in rows if int(row[0]) != EMPTY_SLOT for cell in row]
        tables[key] = {**table, "hash_map": kept}
    return {**content, "ctr_data": tables} if tables else content


def _load(path: Path, form: str, named: Path) -> Any:
    try:
        import catboost  # noqa: PLC0415 - it is optional
    except ImportError as error:
        raise ProcgenError(
            f"{named} is read with catboost", hint="pip install 'procgen[catboost]'"
        ) from error
    try:
        model = catboost.CatBoost().load_model(str(path), format=form)
        loss = str(model._object._get_loss_function_name())  # noqa: SLF001 - nothing public says it
        if loss in CLASSIFICATION:
            return catboost.CatBoostClassifier().load_model(str(path), format=form)
        if loss in RANKING:
            return catboost.CatBoostRanker().load_model(str(path), format=form)
        return catboost.CatBoostRegressor().load_model(str(path), format=form)
    except catboost.CatBoostError as error:
        raise _corrupt(named, error) from error


def _corrupt(path: Path, error: Exception) -> CorruptFileError:
    return CorruptFileError(
        f"{path} cannot be loaded as a CatBoost model ({error})",
        hint="save the model again, with the installed version of CatBoost",
    )
