"""A model as a typed function of SQLAlchemy, for selects that people write themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, Double, Engine, Function, Text, func, select
from sqlalchemy.sql.elements import quoted_name
from sqlalchemy.types import TypeEngine

from procgen.databases.history import MODELS
from procgen.errors import DatabaseError, InputsError


@dataclass(frozen=True, slots=True)
class ScoringFunction:
    """A facade's routines: call it with columns, in the order of the inputs or by their names.

    Attributes:
        schema: where the routines are.
        name: the facade, such as `churn`.
        inputs: the names of the inputs, in their order.
        classes: the labels of a classifier, in the model's order; None for a regressor.
    """

    schema: str
    name: str
    inputs: tuple[str, ...]
    classes: tuple[Any, ...] | None

    def __call__(self, *columns: Any, **named: Any) -> Function[Any]:
        """The prediction, as a column."""
        return self._function("", self._label_type(), columns, named)

    def proba(self, *columns: Any, **named: Any) -> Function[Any]:
        """The probability of the second class, or those of all of more than two."""
        return self._function("_proba", self._list_type(), columns, named)

    def margin(self, *columns: Any, **named: Any) -> Function[Any]:
        """The raw score, or those of all of more than two classes."""
        return self._function("_margin", self._list_type(), columns, named)

    def _function(
        self,
        suffix: str,
        kind: TypeEngine[Any],
        columns: Sequence[Any],
        named: Mapping[str, Any],
    ) -> Function[Any]:
        routine = quoted_name(self.name + suffix, quote=True)
        space = getattr(func, quoted_name(self.schema, quote=True))
        return getattr(space, routine)(*self._arguments(columns, named), type_=kind)  # type: ignore[no-any-return] # `func` makes any name

    def _arguments(self, columns: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
        rest = self.inputs[len(columns) :]
        if len(columns) > len(self.inputs) or set(rest) != set(named):
            raise InputsError(
                f"{self.name} takes {', '.join(self.inputs)}",
                hint="give every input once, in this order or by its name",
            )
        return [*columns, *(named[name] for name in rest)]

    def _label_type(self) -> TypeEngine[Any]:
        match self.classes:
            case None:
                return Double()
            case (bool(), *_):
                return Boolean()
            case (int(), *_):
                return BigInteger()
            case (float(), *_):
                return Double()
            case _:
                return Text()

    def _list_type(self) -> TypeEngine[Any]:
        is_list = self.classes is not None and len(self.classes) > 2
        return ARRAY(Double()) if is_list else Double()


def scoring_function(name: str, engine: Engine, *, schema: str = "ml") -> ScoringFunction:
    """The champion of a model as a function for selects; the registry says what it takes.

    Args:
        name: the model, whose facade has its name.
        engine: of the database that holds it; only its registry is read.
        schema: where the routines are.

    Raises:
        DatabaseError: no version of this model is the champion there.
    """
    wanted = select(MODELS.c.inputs, MODELS.c.classes).where(
        MODELS.c.name == name, MODELS.c.state == "champion"
    )
    with engine.connect() as connection:
        found = connection.execute(wanted).first()
    if found is None:
        raise DatabaseError(
            f"no version of {name} is the champion in this database",
            hint=f"run `procgen promote {name} vN` and `procgen apply`",
        )
    inputs = tuple(one["name"] for one in found.inputs)
    classes = None if found.classes is None else tuple(found.classes)
    return ScoringFunction(schema, name, inputs, classes)
