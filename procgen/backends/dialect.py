"""A dialect is data: types, spellings and limits of one database, and nothing that decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from procgen.ir.expressions import Function
from procgen.ir.target import Target
from procgen.ir.types import DType, ListType, Scalar, Type


@dataclass(frozen=True, slots=True)
class Let:
    """How an expression names values.

    Attributes:
        template: the value `{2}`, in which the name `{0}` stands for the fields `{1}`.
        field: the field `{0}` with the value `{1}`.
    """

    template: str
    field: str


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one database spells what the printer needs.

    Attributes:
        target: the limits that passes respect.
        types: the column type of each DType.
        identifier: quotes a name; total over names without NUL.
        literal: spells a value so that the database reads back exactly that value.
        functions: each Function as a template of its one argument, `{0}`; `{0}` stands once unless
            the function is in `named`. ARGMAX counts from 1.
        named: functions that a stored version keeps as routines of its own, because their
            argument stands more than once in the template.
        list_of: template of a list of the items `{0}`.
        choose: template of item number `{1}`, counted from 1, of the list `{0}`.
        list_type: template of the type of a list of `{0}`.
        ordered_sum: template that adds `{0}`, comma-separated, from left to right without nesting,
            or None where the engine has no such function.
        largest_inlined: tree nodes up to which one SQL expression is the best routine.
        fence: written after a subquery whose columns must be computed once, not copied upwards.
        folds_case: whether names that differ in letter case only are one name.
        to_float: template of `{0}` as a double, for each type that has one.
        let: how values get names inside an expression, or None where a routine has variables.
        longest_list: values of an IN list that are compared one by one; longer ones are split, or
            None where they need not be.
        exact_text: template of the text `{0}`, compared byte by byte whatever its collation.
        default_schema: the schema of a table that is named without one.
        exact: for each type the column types whose every value it holds, by the names that the
            engine prints; another would be rounded, or compared in another way.
        keys: column types that a key may have: each value has one spelling, and an order.
        moments: column types that say when a row was changed.
        abilities: what only some engines can do for a table: "procedures", "row triggers",
            "catching errors", "generated columns that are added later", "scheduled jobs".
        raising: template of a condition `{0}` that raises an error with the text `{1}` instead of
            being false; `{2}` is the input that it is about.
        raising_routine: the same by a call of the routine `{3}`, which a version then has; None
            where `raising` says the text as it is.
        walks: whether large forests are walked as lists of nodes (walks.py).
        ranges: templates about doubles `{0}` and the bounds `{1}` and `{2}`: that every one lies
            between them and none is missing; that those do which are not missing, though it may be
            false of NaN; and the first, though it may be true of NULL. Empty where a condition for
            each is as fast.
        finite: template of the double `{0}`, which stands once, or NULL where it is not finite;
            None where that is of no use.
        has_routine: template that is true where a routine with the quoted name in the text `{0}`
            is stored, or None where a version has no routines but those of its outputs.
    """

    target: Target
    types: Mapping[DType, str]
    identifier: Callable[[str], str]
    literal: Callable[[Scalar, DType], str]
    functions: Mapping[Function, str]
    named: frozenset[Function]
    list_of: str
    choose: str
    list_type: str
    ordered_sum: str | None
    largest_inlined: int | None
    fence: str
    folds_case: bool
    to_float: Mapping[DType, str]
    let: Let | None
    exact_text: str
    raising: str
    raising_routine: str | None
    longest_list: int | None
    default_schema: str
    exact: Mapping[DType, frozenset[str]]
    keys: frozenset[str]
    moments: frozenset[str]
    abilities: frozenset[str]
    walks: bool
    ranges: tuple[str, ...]
    finite: str | None
    has_routine: str | None

    @property
    def name(self) -> str:
        """The dialect's name, as users write it after `--target`."""
        return self.target.name

    def type_name(self, kind: Type) -> str:
        """The column type of a value or of a list."""
        match kind:
            case ListType(item):
                return self.list_type.format(self.types[item])
            case dtype:
                return self.types[dtype]
