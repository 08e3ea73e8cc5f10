"""Loading a saved model: a pickle runs the code in it and so needs trust; a skops file does not."""

from __future__ import annotations

import json
import pickletools
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from procgen.errors import (
    CorruptFileError,
    ProcgenError,
    UnsupportedModelError,
    UntrustedFileError,
)
from procgen.frontends import catboost_files, lightgbm_files, xgboost_files
from procgen.frontends.harmless import HARMLESS_TYPES

Loader = Callable[[Path, bool], Any]

OTHER_FORMATS = {
    ".onnx": "ONNX",
    ".pmml": "PMML",
}
COMPRESSED_PICKLES = (b"\x1f\x8b", b"x\x01", b"x^", b"x\x9c", b"x\xda", b"BZh", b"\xfd7zXZ")
"""How joblib's compressed files begin: gzip, zlib at its four levels, bzip2, xz."""


def load_model(path: str | Path, trust: bool = False) -> Any:  # noqa: FBT001, FBT002 - public name
    """Load a fitted model from a file.

    Args:
        path: a `.skops`, `.pkl`, `.pickle` or `.joblib` file, or one that another library wrote.
        trust: allow the file to run code. Every pickle can; a skops file does so only if it holds
            types that are not known to be harmless.

    Raises:
        UntrustedFileError: the file needs trust and `trust` is False.
        CorruptFileError: the file is damaged, or is not what its name says.
        UnsupportedModelError: no model is read from this kind of file.
        ProcgenError: there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        what = "is not a file" if path.exists() else "does not exist"
        raise ProcgenError(f"{path} {what}", hint="give the path of a saved model")
    loader = LOADERS.get(path.suffix.lower()) or _sniffed(path)
    with _version_warnings_only_warn():
        return loader(path, trust)


def _sniffed(path: Path) -> Loader:
    library = OTHER_FORMATS.get(path.suffix.lower())
    if library is not None:
        raise UnsupportedModelError(
            f"{path} is named like a model of {library}, which no front-end reads",
            hint="save a scikit-learn model with skops.io.dump",
        )
    if _is_skops(path):
        return load_skops
    if lightgbm_files.is_text(path):  # users name it as they like, most of them .model
        return lightgbm_files.load_text
    if xgboost_files.is_binary(path):
        return xgboost_files.load
    if _is_pickle(path):
        return load_pickle
    raise UnsupportedModelError(
        f"{path} is no kind of file that a model is read from",
        hint=f"the kinds are {', '.join(LOADERS)}",
    )


def _is_skops(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return "schema.json" in archive.namelist()


def _is_pickle(path: Path) -> bool:
    with path.open("rb") as file:
        if file.read(8).startswith(COMPRESSED_PICKLES):
            return True
        file.seek(0)
        try:
            opcode, version, _ = next(pickletools.genops(file))
        except (ValueError, EOFError):
            return False
    return opcode.name == "PROTO" and version is not None and version <= 5


def load_skops(path: Path, trust: bool) -> Any:  # noqa: FBT001 - a Loader
    """Load a skops file."""
    try:
        from skops import io  # noqa: PLC0415 - it is optional
    except ImportError as error:
        raise _not_installed("skops", path) from error
    try:
        unknown = set(io.get_untrusted_types(file=path)) - HARMLESS_TYPES
    except Exception as error:
        raise _corrupt(path, "a skops file", error) from error
    if unknown and not trust:
        raise UntrustedFileError(
            f"{path} holds types that could run code: {', '.join(sorted(unknown))}",
            hint="if you know who made the file, allow it with --trust (trust=True)",
        )
    try:
        return io.load(path, trusted=sorted(unknown | HARMLESS_TYPES))
    except Exception as error:
        raise _corrupt(path, "a skops file", error) from error


def load_pickle(path: Path, trust: bool) -> Any:  # noqa: FBT001 - a Loader
    """Load a pickle, plain or written by joblib."""
    if not trust:
        raise UntrustedFileError(
            f"{path} is a pickle: loading it runs whatever code is in it",
            hint="if you know who made the file, allow it with --trust (trust=True); "
            "or save the model with skops.io.dump, which needs no trust",
        )
    try:
        import joblib  # noqa: PLC0415 - it is optional
    except ImportError as error:
        raise _not_installed("joblib", path) from error
    try:
        return joblib.load(path)
    except ModuleNotFoundError as error:
        raise UnsupportedModelError(
            f"{path} needs the package {error.name}, which is not installed",
            hint=f"install {error.name} in the version that the model was trained with",
        ) from error
    except Exception as error:
        raise _corrupt(path, "a pickle", error) from error


def load_json(path: Path, trust: bool) -> Any:  # noqa: FBT001 - a Loader
    """Load a JSON file of the library that its keys tell."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise _corrupt(path, "JSON", error) from error
    except RecursionError as error:
        raise UnsupportedModelError(
            f"{path} is nested too deep for Python's JSON reader",
            hint="save the model in another form of its library",
        ) from error
    for key, loader in JSON_LOADERS.items():
        if isinstance(content, dict) and key in content:
            return loader(path, trust)
    raise UnsupportedModelError(
        f"{path} is JSON that no front-end reads",
        hint=f"a model in JSON has one of the keys {', '.join(JSON_LOADERS)}",
    )


def _not_installed(package: str, path: Path) -> ProcgenError:
    return ProcgenError(f"{path} is read with {package}", hint="pip install 'procgen[sklearn]'")


def _corrupt(path: Path, kind: str, error: Exception) -> CorruptFileError:
    reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return CorruptFileError(
        f"{path} cannot be loaded as {kind} ({reason})",
        hint="save the model again, with the installed version of its library",
    )


@contextmanager
def _version_warnings_only_warn() -> Iterator[None]:
    """Hand on each distinct warning of a load, as a warning even where warnings are errors.

    A model of another version often reads well; whether it scores the same is for `verify` to say.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    distinct = {(warning.category, str(warning.message)): warning for warning in caught}
    for warning in distinct.values():
        try:
            _emit(warning)
        except Warning:
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                _emit(warning)


def _emit(warning: warnings.WarningMessage) -> None:
    warnings.warn_explicit(
        warning.message, warning.category, warning.filename, warning.lineno, source=warning.source
    )


JSON_LOADERS: dict[str, Loader] = {
    "features_info": catboost_files.load_json,
    lightgbm_files.DUMP_KEY: lightgbm_files.load_dump,
    xgboost_files.JSON_KEY: xgboost_files.load,
}
"""A key that only one library's models have at the top of their JSON, and what loads them."""

LOADERS: dict[str, Loader] = {
    ".skops": load_skops,
    ".pkl": load_pickle,
    ".pickle": load_pickle,
    ".joblib": load_pickle,
    ".cbm": catboost_files.load_cbm,
    ".json": load_json,
    ".lgb": lightgbm_files.load_text,
    ".txt": lightgbm_files.load_text,
    ".ubj": xgboost_files.load,
}
