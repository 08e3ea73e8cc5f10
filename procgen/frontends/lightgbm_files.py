"""Saved LightGBM models: text or a JSON dump, neither of which can run code."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from procgen.errors import CorruptFileError, UnsupportedModelError
from procgen.frontends.lightgbm_dump import text_of_dump
from procgen.frontends.lightgbm_text import read_header, read_trees

DUMP_KEY = "tree_info"
"""A key that only LightGBM's JSON has."""


def load_text(path: Path, trust: bool) -> Any:  # noqa: ARG001, FBT001 - a Loader
    """Load what `Booster.save_model` wrote."""
    try:
        text = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
        # LightGBM itself may crash on a damaged file.
        read_header(text)
        read_trees(text)
    except (UnicodeDecodeError, CorruptFileError) as error:
        raise _damaged(path, "saved by LightGBM", error) from error
    return _booster(path, text)


def load_dump(path: Path, trust: bool) -> Any:  # noqa: ARG001, FBT001 - a Loader
    """Load what `json.dump(booster.dump_model(), file)` wrote."""
    try:
        text = text_of_dump(json.loads(path.read_bytes()))
    except (ValueError, CorruptFileError) as error:
        raise _damaged(path, "dumped by LightGBM", error) from error
    return _booster(path, text)


def is_text(path: Path) -> bool:
    """Whether the file begins as LightGBM's text does."""
    with path.open("rb") as file:
        return file.read(16).replace(b"\r", b"").startswith(b"tree\nversion=")


def _booster(path: Path, text: str) -> Any:
    try:
        import lightgbm  # noqa: PLC0415 - it is optional
    except ImportError as error:
        raise UnsupportedModelError(
            f"{path} needs lightgbm, which is not installed", hint="pip install 'procgen[lightgbm]'"
        ) from error
    try:
        # LightGBM prints what it does not know of an older file; stdout is for answers.
        with redirect_stdout(sys.stderr):
            return lightgbm.Booster(model_str=text)
    except lightgbm.basic.LightGBMError as error:
        raise _damaged(path, "saved by LightGBM", error) from error


def _damaged(path: Path, kind: str, error: Exception) -> CorruptFileError:
    return CorruptFileError(
        f"{path} cannot be loaded as a model {kind} ({error})", hint="save the model again"
    )
