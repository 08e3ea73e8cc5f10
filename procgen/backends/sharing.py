"""Values that one text needs more than once: they get a name, or trees would be walked again.

Models inside models refer to each other's scores many times: both class shares of a voter, each
threshold of a calibrator, every split of a final tree. Written out, the text would grow with the
product of these counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from procgen.ir.expressions import (
    Branch,
    Call,
    Column,
    Constant,
    Element,
    Expr,
    Fill,
    Function,
    Match,
    Reference,
    Unary,
)
from procgen.ir.numpy_functions import NUMBER_FUNCTIONS
from procgen.ir.program import Program
from procgen.ir.trees import Ensemble, splits_of
from procgen.ir.typing import Typing
from procgen.ir.walk import children

MANY = 8
"""A function of a number is written out with its argument in many places (number_functions.py)."""
Sum = tuple[str, int]
"""One sum of an ensemble: its binding and its output."""
Key = str | Sum
"""What can be named: the value of a binding, or one sum of an ensemble."""


def shared_values(
    program: Program, typing: Typing, root: str, elsewhere: Mapping[str, str]
) -> tuple[Key, ...]:
    """What the text of the binding `root` needs more than once, each after what it needs itself.

    Args:
        program: a lowered Program.
        typing: of this Program.
        root: the binding whose text is written.
        elsewhere: bindings that are not written out, because a call or a column holds them.
    """
    uses: Counter[Key] = Counter({root: 1})
    shared: list[Key] = []
    for binding in reversed(program.bindings):
        match binding.value:
            case Ensemble() as ensemble:
                shared += _used_sums(uses, typing, elsewhere, (binding.name, ensemble))
            case expr if uses[binding.name]:
                times = uses[binding.name]
                if times > 1 and _is_worth_a_name(expr):
                    shared.append(binding.name)
                    times = 1
                _count(uses, typing, elsewhere, _occurrences(typing, expr, times))
            case _:
                pass
    return tuple(reversed(shared))


def _used_sums(
    uses: Counter[Key],
    typing: Typing,
    elsewhere: Mapping[str, str],
    named: tuple[str, Ensemble],
) -> list[Key]:
    name, ensemble = named
    wanted = [(name, output) for output in range(len(ensemble.base_score))]
    used = [key for key in wanted if uses[key]]
    if not used:
        return []
    tests = Counter(split.feature for split in splits_of(ensemble.trees))
    for feature, times in tests.items():
        occurrences = _occurrences(typing, ensemble.features[feature], times)
        _count(uses, typing, elsewhere, occurrences)
    return [key for key in reversed(used) if uses[key] > 1]


def _count(
    uses: Counter[Key],
    typing: Typing,
    elsewhere: Mapping[str, str],
    occurrences: Iterator[tuple[Expr, int]],
) -> None:
    for part, times in occurrences:
        for key in sums_of(typing, part, elsewhere):
            uses[key] += times
        if isinstance(part, Reference) and part.name not in elsewhere:
            uses[part.name] += times


def sums_of(typing: Typing, expr: Expr, elsewhere: Mapping[str, str]) -> tuple[Sum, ...]:
    """The sums of an ensemble that this very expression stands for, as the printer writes it."""
    match expr:
        case Element(Reference() as vector, index):
            found = typing.ensemble(vector)
            return () if found is None else ((found[0], index),)
        case Reference(name) if name not in elsewhere:
            value = typing.bindings[name]
            if isinstance(value, Ensemble):
                return tuple((name, index) for index in range(len(value.base_score)))
            return ()
        case _:
            return ()


def _is_worth_a_name(expr: Expr) -> bool:
    """Whether it is more than an item of a list: that is written out, and its list may be named."""
    while isinstance(expr, Element | Unary):
        expr = expr.vector if isinstance(expr, Element) else expr.operand
    return not isinstance(expr, Reference | Column | Constant)


def _occurrences(typing: Typing, expr: Expr, times: int) -> Iterator[tuple[Expr, int]]:
    """Every part of an expression and how often its text appears."""
    waiting = [(expr, times)]
    while waiting:
        part, count = waiting.pop()
        yield part, count
        if isinstance(part, Element) and typing.ensemble(part.vector) is not None:
            continue  # one sum is written, and not the list of all
        for place, child in enumerate(children(part)):
            waiting.append((child, count * _copies(part, place)))


def _copies(part: Expr, place: int) -> int:
    """How often an operand is written: a test's subject for either outcome, for example."""
    match part:
        case Call(function, _) if function in NUMBER_FUNCTIONS:
            return MANY
        case Call(Function.WEIGHTED_SUM_FLOAT32, _):
            return 2
        case Branch() | Match() | Fill() if place == 0:
            return 2
        case _:
            return 1


def in_levels(
    program: Program, typing: Typing, keys: Sequence[Key], elsewhere: Mapping[str, str]
) -> tuple[tuple[Key, ...], ...]:
    """The values in steps: each needs only values of the steps before its own."""
    depth: dict[Key, int] = {}
    for key in in_order(program, keys):
        needed = _needed(typing, key, frozenset(depth), elsewhere)
        depth[key] = 1 + max((depth[other] for other in needed), default=0)
    last = max(depth.values(), default=0)
    return tuple(tuple(key for key in depth if depth[key] == level) for level in range(1, last + 1))


def _needed(
    typing: Typing, key: Key, named: frozenset[Key], elsewhere: Mapping[str, str]
) -> set[Key]:
    """Which of the named values the text of one value contains."""
    needed: set[Key] = set()
    seen: set[str] = set()
    value = typing.bindings[key if isinstance(key, str) else key[0]]
    waiting = list(value.features) if isinstance(value, Ensemble) else [value]
    while waiting:
        part = waiting.pop()
        sums = sums_of(typing, part, elsewhere)
        for name, output in sums:
            ensemble = typing.bindings[name]
            if (name, output) in named:
                needed.add((name, output))
            elif isinstance(ensemble, Ensemble):
                waiting.extend(ensemble.features)
        if sums:
            continue
        if isinstance(part, Reference):
            if part.name in named:
                needed.add(part.name)
            elif part.name not in seen and part.name not in elsewhere:
                seen.add(part.name)
                inner = typing.bindings[part.name]
                waiting.extend(inner.features if isinstance(inner, Ensemble) else (inner,))
        waiting.extend(children(part))
    return needed


def in_order(program: Program, keys: Iterable[Key]) -> tuple[Key, ...]:
    """Each value once, after those that it is computed from."""
    place = {binding.name: number for number, binding in enumerate(program.bindings)}

    def position(key: Key) -> tuple[int, int]:
        return (place[key], 0) if isinstance(key, str) else (place[key[0]], key[1])

    return tuple(sorted(dict.fromkeys(keys), key=position))
