"""What the original library answers, row by row, in the types of our outputs; refused is None."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from procgen.errors import InputsError
from procgen.frontends.labels import plain
from procgen.frontends.reading import column_count, entry, known_names, stored_names
from procgen.frontends.refusals import accepted_rows, is_refusal
from procgen.frontends.registry import Registry, class_name
from procgen.frontends.tables import Table, build_table
from procgen.frontends.wants import missing_markers
from procgen.ir.interpreter import Row, Value, is_missing
from procgen.ir.program import OutputName
from procgen.ir.types import DType, Field

Question = Callable[[Any, Any], Any]
"""Asks a model about a table of rows; the answer is an array, or a list with one an output."""

QUESTIONS = Registry("reader of questions")
"""For a class that is not asked as scikit-learn's are: the model gives a Question an output."""

RAW_SCORES: dict[str, Question] = {
    "sklearn.ensemble.HistGradientBoostingRegressor": (
        lambda model, table: model._raw_predict(table).ravel()  # noqa: SLF001 - before the link
    ),
    **dict.fromkeys(
        (
            "sklearn.linear_model.GammaRegressor",
            "sklearn.linear_model.PoissonRegressor",
            "sklearn.linear_model.TweedieRegressor",
        ),
        lambda model, table: model._linear_predictor(table),  # noqa: SLF001 - before the link
    ),
}
"""Regressors with a link: the raw score has no public name there."""


def python_answers(
    model: Any, inputs: tuple[Field, ...], rows: Sequence[Row]
) -> dict[OutputName, list[Value]]:
    """Ask the model itself.

    A column is what pandas would read: doubles with NaN for missing, int64 or bool where nothing is
    missing, else doubles with NaN or objects; text is objects, missing as NaN unless the model was
    fitted with None. FLOAT32 is widened first, so that Python computes in double as SQL does. Rows
    in which an integer or a boolean is missing are asked apart, so that the others keep their type.

    Args:
        model: the fitted model.
        inputs: its columns in training order.
        rows: values by column name; None or NaN is missing.

    Returns:
        For each output that the model has, one value a row; None for a row that Python refuses.

    Raises:
        InputsError: the inputs are not the model's columns.
    """
    _require_own_columns(model, inputs)
    questions = _questions(model)
    answers: dict[OutputName, list[Value]] = {name: [None] * len(rows) for name in questions}
    markers = {
        field.name: None
        for field, marker in zip(inputs, missing_markers(model, len(inputs)), strict=True)
        if marker is None
    }
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # an unseen category, an overflow: verdicts, not news
        for positions in _same_typed(inputs, rows):
            chosen = [rows[position] for position in positions]
            table = build_table(model, inputs, chosen, markers)
            try:
                _write(answers, positions, _ask(model, questions, table))
            except Exception as error:
                if not is_refusal(error):
                    raise
                # Some row is refused, and with it the whole table.
                accepted = accepted_rows(model, inputs, chosen, rows, markers)
                if accepted:
                    values = _ask(model, questions, table.take(accepted))
                    _write(answers, [positions[index] for index in accepted], values)
    return answers


def _require_own_columns(model: Any, inputs: tuple[Field, ...]) -> None:
    first = entry(model)
    names, known = tuple(field.name for field in inputs), known_names(first)
    own = known is None or stored_names(first, names) == known
    if len(names) != column_count(first) or not own:
        raise InputsError(
            f"{type(model).__name__} was trained on other columns than {', '.join(names)}",
            hint="give the inputs of the Program that was read from this model",
        )


def _questions(model: Any) -> dict[OutputName, Question]:
    own = QUESTIONS.find(last_step(model))
    asked: dict[OutputName, Question] | None = own(last_step(model)) if own else None
    if asked is not None:
        return {name: _of_last_step(ask) for name, ask in asked.items()}
    questions: dict[OutputName, Question] = {OutputName.PREDICT: _predictions}
    if hasattr(model, "predict_proba"):
        questions[OutputName.PROBA] = _probabilities
    questions[OutputName.MARGIN] = margins
    return questions


def last_step(model: Any) -> Any:
    """The estimator at the end of a pipeline, or the model itself."""
    while hasattr(model, "steps"):
        model = model.steps[-1][1]
    return model


def _of_last_step(ask: Question) -> Question:
    """The question about what reaches the last step."""
    return lambda model, table: ask(*_reaching_last_step(model, table))


def _reaching_last_step(model: Any, table: Any) -> tuple[Any, Any]:
    while hasattr(model, "steps"):
        for _, step in model.steps[:-1]:
            # Neither "passthrough" nor a sampler of imbalanced-learn does anything to a table here.
            table = step.transform(table) if hasattr(step, "transform") else table
        model = model.steps[-1][1]
    return model, table


def _predictions(model: Any, table: Any) -> Any:
    return model.predict(table)


def _probabilities(model: Any, table: Any) -> Any:
    shares = model.predict_proba(table)
    is_binary = not isinstance(shares, list) and shares.shape[1] == 2
    return shares[:, 1] if is_binary else shares


def margins(model: Any, table: Any) -> Any:
    """The raw score of a model: what decision_function() answers, or what the link is applied to.

    Where there is neither, it is what predict() takes the largest of, or predict() itself.
    """
    model, table = _reaching_last_step(model, table)
    own = QUESTIONS.find(model)
    asked: dict[OutputName, Question] | None = own(model) if own else None
    if asked is not None:
        return asked[OutputName.MARGIN](model, table)
    raw_scores = RAW_SCORES.get(class_name(model))
    if raw_scores is not None:
        return raw_scores(model, table)
    for name in ("decision_function", "predict_proba"):
        if hasattr(model, name):
            return getattr(model, name)(table)
    return model.predict(table)


def _same_typed(inputs: tuple[Field, ...], rows: Sequence[Row]) -> Iterator[list[int]]:
    """Positions of the rows with no integer or boolean missing, then of the others."""
    typed = [field.name for field in inputs if field.dtype in (DType.INT64, DType.BOOL)]
    complete: list[int] = []
    others: list[int] = []
    for position, row in enumerate(rows):
        holed = any(is_missing(row[name]) for name in typed)
        (others if holed else complete).append(position)
    return (positions for positions in (complete, others) if positions)


def _ask(
    model: Any, questions: dict[OutputName, Question], table: Table
) -> dict[OutputName, list[Value]]:
    return {name: _values(ask(model, table.content)) for name, ask in questions.items()}


def _write(
    answers: dict[OutputName, list[Value]],
    positions: list[int],
    values: dict[OutputName, list[Value]],
) -> None:
    for name, column in values.items():
        for position, value in zip(positions, column, strict=True):
            answers[name][position] = value


def _values(answer: Any) -> list[Value]:
    """Plain Python scalars for a vector, tuples for a matrix; outputs of a list one after another.

    A list is what multi-output classifiers give: an array for each output.
    """
    array = np.concatenate(answer, axis=1) if isinstance(answer, list) else np.asarray(answer)
    if array.ndim == 1:
        return [plain(item) for item in array.tolist()]
    return [tuple(plain(item) for item in row) for row in array.tolist()]
