"""Which function reads which class: by qualified name, so that no library is imported for it."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.ir.expressions import Constant, Expr
from procgen.ir.program import Binding, Output, Requirement
from procgen.ir.types import DType


@dataclass(frozen=True, slots=True)
class Feature:
    """One column between two steps: how it is computed from the inputs, its type and its name."""

    expr: Expr
    dtype: DType
    name: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The columns that flow from step to step, and what the steps so far demand and bind.

    `sparse` says that Python holds them in a sparse matrix: some steps then compute otherwise.
    `exact` is False where a step adds in an order of its own (BLAS), so that a bound applies.
    """

    features: tuple[Feature, ...]
    requirements: tuple[Requirement, ...] = ()
    bindings: tuple[Binding, ...] = ()
    sparse: bool = False
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Scores:
    """What an estimator computes from a Frame.

    `requirements` and `bindings` include those of the Frame it was given. `classes` holds the
    labels in `classes_` order (one tuple an output of a multi-output classifier), or is empty.
    `exact` is False where the library's own order of addition is unknown (BLAS), so that the bound
    for linear models applies instead of equality. `shares` is the list of every class's probability
    where a model of two classes computes that of the first otherwise than as 1 - P(classes_[1]).
    """

    requirements: tuple[Requirement, ...]
    bindings: tuple[Binding, ...]
    outputs: tuple[Output, ...]
    classes: tuple[tuple[Constant, ...], ...] = ()
    exact: bool = True
    shares: Expr | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """Names for the bindings of one step: `scope.name("raw")` is unique in the Program."""

    prefix: str = ""

    def name(self, base: str) -> str:
        """The binding name of `base` in this scope."""
        return f"{self.prefix}{base}"

    def inside(self, step: str) -> Scope:
        """A scope for a step inside this one."""
        return Scope(f"{self.prefix}{step}.")


EstimatorReader = Callable[[Any, Frame, Scope], Scores]
TransformerReader = Callable[[Any, Frame, Scope], Frame]
TypeReader = Callable[[Any, int], tuple[DType | None, ...]]
"""For a step and its number of input columns: the type it wants of each, None for any number."""


@dataclass(frozen=True, slots=True)
class Bound:
    """Why scores are not Python's bits, and with which options; without any, always."""

    reason: str
    options: str = ""


@dataclass(frozen=True, slots=True)
class Registry:
    """Readers by qualified class name; two readers of one class are an error.

    `bounds` names the classes whose scores are near Python's, within a bound, and not its bits.
    """

    kind: str
    readers: dict[str, Any] = field(default_factory=dict)
    bounds: dict[str, Bound] = field(default_factory=dict)

    def reads(self, *class_names: str, bound: Bound | None = None) -> Callable[[Any], Any]:
        """Register the decorated function for `class_names`; no `bound` is always exact."""

        def register(reader: Any) -> Any:
            for name in class_names:
                if name in self.readers:
                    raise ValueError(f"{name} already has a {self.kind}: {self.readers[name]!r}")
                self.readers[name] = reader
                if bound is not None:
                    self.bounds[name] = bound
            return reader

        return register

    def find(self, step: object) -> Any | None:
        """The reader of a step's own class; subclasses are not guessed at."""
        return self.readers.get(class_name(step))


WEIGHTED_SUMS = Bound("weighted sums, which BLAS adds in its own order")
"""Why most of what is not exact is bounded."""

ESTIMATORS = Registry("estimator reader")
TRANSFORMERS = Registry("transformer reader")
INPUT_TYPES = Registry("input type reader")
REFUSED: dict[str, tuple[str, str]] = {}
"""Classes that are not read for a reason of their own: what they do, and what to do instead."""
BRIDGED: set[str] = set()
"""Classes that are read by way of another translator, not from the model itself."""
INNER_MODELS = Registry("reader of inner models")
"""For an estimator made of others: the fitted models inside it that meet its own columns first."""


def bound_of(name: str) -> Bound | None:
    """Why a class is not always exact; None where it is, or where nothing reads it."""
    return ESTIMATORS.bounds.get(name) or TRANSFORMERS.bounds.get(name)


def class_name(step: object) -> str:
    """The public name of a class: `sklearn.linear_model.Ridge`.

    Public packages name their private modules with an underscore: what follows one is left out.
    """
    cls = type(step)
    public = itertools.takewhile(lambda part: not part.startswith("_"), cls.__module__.split("."))
    return ".".join([*public, cls.__qualname__])


def inner_models(model: Any) -> list[Any]:
    """The fitted models inside an estimator made of others; none inside any other."""
    reader = INNER_MODELS.find(model)
    return [] if reader is None else list(reader(model))


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one step.

    Attributes:
        step: the fitted step itself.
        given: whether the columns that it was given had Python's bits.
        result: whether what it makes of them has.
        inside: what came of the steps that were read inside it.
        refusal: why nothing came of it.
    """

    step: Any
    given: bool
    result: bool
    inside: tuple[Reading, ...]
    refusal: UnsupportedModelError | None = None

    @property
    def bounds(self) -> bool:
        """Whether it is this step, none before it and none inside it, that is not exact."""
        return self.given and not self.result and all(inner.result for inner in self.inside)


def every_reading(readings: Iterable[Reading]) -> Iterator[Reading]:
    """The readings and those inside them, each after the one around it."""
    waiting = list(readings)
    while waiting:
        reading = waiting.pop()
        yield reading
        waiting.extend(reading.inside)


READINGS: ContextVar[list[Reading] | None] = ContextVar("READINGS", default=None)


@contextmanager
def recorded() -> Iterator[list[Reading]]:
    """A list that holds, after the block, the outermost steps that were read inside it."""
    found: list[Reading] = []
    token = READINGS.set(found)
    try:
        yield found
    finally:
        READINGS.reset(token)


def read_estimator(model: Any, frame: Frame, scope: Scope) -> Scores:
    """Read a final step.

    Raises:
        UnsupportedModelError: no reader; the message names the nearest supported class.
    """
    scores: Scores = _read(ESTIMATORS, model, frame, scope)
    return scores


def read_transformer(step: Any, frame: Frame, scope: Scope) -> Frame:
    """Read a step that makes columns of columns.

    Raises:
        UnsupportedModelError: no reader; the message names the nearest supported class.
    """
    made: Frame = _read(TRANSFORMERS, step, frame, scope)
    return made


def _read(registry: Registry, step: Any, frame: Frame, scope: Scope) -> Any:
    reader = registry.find(step)
    around = READINGS.get()
    if reader is None:
        error = unsupported(step, registry.readers)
        _note(around, Reading(step, frame.exact, False, (), error))  # noqa: FBT003
        raise error
    with recorded() as inside:
        try:
            result = reader(step, frame, scope)
        except UnsupportedModelError as error:
            _note(around, Reading(step, frame.exact, False, tuple(inside), error))  # noqa: FBT003
            raise
    _note(around, Reading(step, frame.exact, result.exact, tuple(inside)))
    return result


def _note(around: list[Reading] | None, reading: Reading) -> None:
    if around is not None:
        around.append(reading)


def unsupported(step: object, readers: Mapping[str, Any]) -> UnsupportedModelError:
    """The error for a class that nothing reads."""
    name = class_name(step)
    if name in REFUSED:
        reason, instead = REFUSED[name]
        return UnsupportedModelError(f"{name} {reason}", hint=instead)
    if name in TRANSFORMERS.readers:
        return UnsupportedModelError(
            f"{name} makes columns and gives no scores", hint="end the pipeline with an estimator"
        )
    if name in ESTIMATORS.readers:
        return UnsupportedModelError(
            f"{name} gives scores, and its columns for a step behind it are not read",
            hint="make it the last step, or stack it with StackingClassifier or StackingRegressor",
        )
    by_short = {full.rsplit(".", 1)[-1]: full for full in readers if "._" not in full}
    close = difflib.get_close_matches(name.rsplit(".", 1)[-1], by_short, n=1, cutoff=0.0)
    hint = f"the nearest supported class is {by_short[close[0]]}" if close else None
    return UnsupportedModelError(f"no front-end reads {name}", hint=hint)
