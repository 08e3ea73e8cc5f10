"""A fitted model becomes a Program, or is refused by name; no column name is ever made up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from typing import Any

from procgen.errors import InputsError, UnfittedModelError, UnsupportedModelError
from procgen.frontends.registry import (
    BRIDGED,
    ESTIMATORS,
    INPUT_TYPES,
    Feature,
    Frame,
    Registry,
    Scope,
    class_name,
    inner_models,
    read_estimator,
    unsupported,
)
from procgen.ir.check import check
from procgen.ir.expressions import Column, Constant
from procgen.ir.program import Program
from procgen.ir.types import DType, Field

Inputs = Sequence[str] | Mapping[str, DType]
DISTRIBUTIONS = {"sklearn": "scikit-learn"}
"""What to ask the installed packages for, where it is not the name that is imported."""
PLACEHOLDERS = (None, "passthrough", "drop")
COLUMNS = Registry("reader of columns")
"""For a class that is not scikit-learn's: how many columns it takes, and their names or None."""


@dataclass(frozen=True, slots=True)
class Source:
    """A model that was read.

    Attributes:
        program: the whole model; it passes `check`.
        class_names: the estimator and every step inside it, qualified, outermost first.
        versions: the installed version of each library that these classes come from.
        classes: labels in `classes_` order, a tuple for each output; empty for a regressor.
        exact: whether scores equal the library's bit for bit; else the bound for linear models.
        bridged: whether another translator read a part of it, so that nothing may be written
            before its answers are compared on rows of the user's own.
    """

    program: Program
    class_names: tuple[str, ...]
    versions: Mapping[str, str]
    classes: tuple[tuple[Constant, ...], ...]
    exact: bool
    bridged: bool = False


def read_model(
    model: Any, inputs: Inputs | None = None, types: Mapping[str, DType] | None = None
) -> Source:
    """Read a fitted model.

    Args:
        model: a fitted estimator or pipeline.
        inputs: column names in training order, or their types by name; needed where the model was
            trained without names.
        types: types of some columns; the others get what the model's first step wants.

    Raises:
        UnsupportedModelError: no front-end reads this class, or one of its steps or options.
        UnfittedModelError: the model has not been trained.
        InputsError: names or types are missing, repeated or unusable.
    """
    require_fitted(model)
    names = input_names(model, inputs)
    fields = _fields(model, names, _declared_types(names, inputs, types))
    features = tuple(Feature(Column(field.name), field.dtype, field.name) for field in fields)
    scores = read_estimator(model, Frame(features), Scope())
    program = Program(fields, scores.requirements, scores.bindings, scores.outputs)
    found = tuple(dict.fromkeys(class_name(step) for step in steps_of(model)))
    return Source(
        check(program),
        found,
        _versions(found),
        scores.classes,
        scores.exact,
        bridged=not BRIDGED.isdisjoint(found),
    )


def require_fitted(model: Any) -> None:
    """Raise UnsupportedModelError or UnfittedModelError unless the model can be read at all."""
    if isinstance(model, type):
        raise UnfittedModelError(
            f"{model.__name__} is a class", hint="give an instance of it that has been trained"
        )
    if ESTIMATORS.find(model) is None:
        raise unsupported(model, ESTIMATORS.readers)
    if class_name(model).startswith(("sklearn.", "lightgbm.sklearn.", "imblearn.")):
        from sklearn.exceptions import NotFittedError  # noqa: PLC0415 - it is optional
        from sklearn.utils.validation import check_is_fitted  # noqa: PLC0415

        try:
            check_is_fitted(model)
        except NotFittedError as error:
            raise UnfittedModelError(
                f"this {type(model).__name__} has not been trained", hint="call fit() first"
            ) from error


def input_names(model: Any, inputs: Inputs | None = None) -> tuple[str, ...]:
    """The model's columns in training order.

    Raises:
        InputsError: the model has none or does not know them and none were given, the given ones
            are not its own, or one of them cannot be a column's name.
    """
    first = entry(model)
    known, count = known_names(first), column_count(first)
    if not count:
        raise InputsError(f"this {type(model).__name__} has no inputs: there is nothing to score")
    if isinstance(inputs, str):
        raise InputsError(f"the inputs are the one text {inputs!r}", hint="give a list of names")
    if inputs is None:
        if known is None:
            raise InputsError(
                f"this {type(model).__name__} was trained without column names",
                hint=f"name its {_columns(count)} in training order with --inputs",
            )
        return _usable(known)
    given = _usable(tuple(inputs))
    if len(given) != count:
        raise InputsError(
            f"{_columns(len(given))} named in the inputs, and the model takes {_columns(count)}"
        )
    if known is None:
        return given
    stored = dict(zip(_usable(stored_names(first, given)), given, strict=True))
    agreed = _agreed(tuple(stored), known, any_order=isinstance(inputs, Mapping))
    return tuple(stored[name] for name in agreed)


def stored_names(step: Any, names: tuple[str, ...]) -> tuple[str, ...]:
    """Names as a step remembers them: LightGBM writes an underscore for a space."""
    if not class_name(step).startswith("lightgbm."):
        return names
    return tuple(name.replace(" ", "_") for name in names)


def _columns(count: int) -> str:
    return "1 column" if count == 1 else f"{count} columns"


def _agreed(given: tuple[str, ...], known: tuple[str, ...], *, any_order: bool) -> tuple[str, ...]:
    pairs = (sorted(given), sorted(known)) if any_order else (given, known)
    for ours, theirs in zip(*pairs, strict=True):
        if ours != theirs:
            raise InputsError(
                f"the inputs name {ours!r} where the model was trained with {theirs!r}",
                hint="leave the inputs out: the model knows its columns",
            )
    return known


def _usable(names: tuple[Any, ...]) -> tuple[str, ...]:
    for name in names:
        if not isinstance(name, str):
            raise InputsError(f"the column name {name!r} is not text", hint="rename the column")
        if not name:
            raise InputsError("a column name is empty", hint="name every column")
        if "\0" in name or any("\ud800" <= letter <= "\udfff" for letter in name):
            raise InputsError(
                f"the column name {name!r} holds a character that no database stores",
                hint="rename the column",
            )
    name, times = Counter(names).most_common(1)[0] if names else ("", 1)
    if times > 1:
        raise InputsError(f"the column name {name!r} is given twice", hint="rename one of them")
    return names


def _declared_types(
    names: tuple[str, ...], inputs: Inputs | None, types: Mapping[str, DType] | None
) -> dict[str, DType]:
    given = dict(inputs) if isinstance(inputs, Mapping) else {}
    given.update(types or {})
    for name, dtype in given.items():
        if name not in names:
            raise InputsError(
                f"a type is given for {name!r}, which is not an input",
                hint=f"the inputs are {', '.join(map(repr, names))}",
            )
        try:
            given[name] = DType(dtype)
        except ValueError as error:
            raise InputsError(
                f"{dtype!r} is not a type for the column {name!r}",
                hint=f"the types are {', '.join(DType)}",
            ) from error
    return given


def _fields(model: Any, names: tuple[str, ...], declared: Mapping[str, DType]) -> tuple[Field, ...]:
    read_types = INPUT_TYPES.find(model)
    wanted = read_types(model, len(names)) if read_types else (None,) * len(names)
    return tuple(
        Field(name, declared.get(name) or dtype or DType.FLOAT64)
        for name, dtype in zip(names, wanted, strict=True)
    )


def entry(model: Any) -> Any:
    """The step that meets the columns as they come; its names and count are the model's."""
    while hasattr(model, "steps"):
        model = next(step for _, step in model.steps if step not in PLACEHOLDERS)
    if COLUMNS.find(model) is None and not hasattr(model, "n_features_in_"):
        inside = inner_models(model)
        return entry(inside[0]) if inside else model
    return model


def known_names(step: Any) -> tuple[str, ...] | None:
    """The names a step was trained with; scikit-learn sets none if they were not all text."""
    read_columns = COLUMNS.find(step)
    if read_columns is not None:
        names: tuple[str, ...] | None = read_columns(step)[1]
        return names
    if not hasattr(step, "feature_names_in_"):
        return None
    return tuple(str(name) for name in step.feature_names_in_)


def column_count(step: Any) -> int:
    """How many columns a step was trained on.

    Raises:
        UnsupportedModelError: the step does not say so.
    """
    read_columns = COLUMNS.find(step)
    if read_columns is not None:
        return int(read_columns(step)[0])
    try:
        return int(step.n_features_in_)
    except AttributeError as error:
        raise UnsupportedModelError(
            f"this {type(step).__name__} does not say how many columns it takes",
            hint="train it again with scikit-learn 1.5 or newer",
        ) from error


def steps_of(model: Any) -> Iterator[Any]:
    """The model, then the steps inside it, each before its own steps."""
    waiting = [model]
    while waiting:
        step = waiting.pop()
        yield step
        inner = [part for _, part in getattr(step, "steps", ())]
        inner += [part for _, part, _ in getattr(step, "transformers_", ())]
        inner += inner_models(step)
        waiting.extend(part for part in reversed(inner) if not isinstance(part, str | None))


def _versions(class_names: tuple[str, ...]) -> dict[str, str]:
    packages = sorted({name.partition(".")[0] for name in class_names})
    return {DISTRIBUTIONS.get(package, package): _version(package) for package in packages}


def _version(package: str) -> str:
    try:
        return metadata.version(DISTRIBUTIONS.get(package, package))
    except metadata.PackageNotFoundError:  # the module of xgboost-cpu is xgboost
        return str(import_module(package).__version__)
