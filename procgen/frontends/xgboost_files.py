"""XGBoost's JSON and binary JSON, read by the library itself: neither runs code of the file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from procgen.errors import CorruptFileError, ProcgenError

JSON_KEY = "learner"
"""What only XGBoost's JSON has at its top."""
PLACE = re.compile(r"^\[[\d:]+\] \S+ ")
"""How the library's messages begin: when it was, and which line of its source."""
BINARY_START = b"{L\0\0\0\0\0\0\0\7learner"
WRAPPERS = {
    "classifier": "XGBClassifier",
    "ranker": "XGBRanker",
    "regressor": "XGBRegressor",
}
"""The wrapper that a file says it was saved from, by the name that it uses."""


def is_binary(path: Path) -> bool:
    """Whether a file of any name begins as XGBoost's binary JSON does."""
    with path.open("rb") as file:
        return file.read(len(BINARY_START)) == BINARY_START


def load(path: Path, trust: bool) -> Any:  # noqa: ARG001, FBT001 - a Loader
    """Load a model as the wrapper that saved it, or else as a Booster.

    Raises:
        CorruptFileError: the library cannot read it.
        ProcgenError: the library is not installed.
    """
    try:
        import xgboost  # noqa: PLC0415 - it is optional
    except ImportError as error:
        raise ProcgenError(
            f"{path} is read with xgboost", hint="pip install 'procgen[xgboost]'"
        ) from error
    try:
        # From memory: of a file, the library wants the name to tell the form.
        content = bytearray(path.read_bytes())
        booster = xgboost.Booster(model_file=content)
        saved_by = booster.attr("scikit_learn")
        if saved_by is None:
            return booster
        wrapper = getattr(xgboost, WRAPPERS[json.loads(saved_by)["_estimator_type"]])()
        wrapper.load_model(content)
    except (ValueError, KeyError, TypeError) as error:  # what the library raises is a ValueError
        reason = PLACE.sub("", str(error).partition("\n")[0])
        raise CorruptFileError(
            f"{path} cannot be loaded as a model of XGBoost ({reason})",
            hint="save the model again with save_model, to a name that ends in .json or .ubj",
        ) from error
    return wrapper
