"""Answers about large values that are asked again and again while a version is written.

`functools.cache` would hash the value, which walks all of its nodes each time.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import wraps
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


def remembered(function: Callable[[A], B]) -> Callable[[A], B]:
    """The function, computed once for each immutable argument, as long as that argument lives."""
    known: dict[int, tuple[weakref.ref[A], B]] = {}

    @wraps(function)
    def answer(argument: A) -> B:
        key = id(argument)
        if key not in known:
            # The identity of what is gone may be given to something else.
            gone = weakref.ref(argument, lambda _: known.pop(key, None))
            known[key] = gone, function(argument)
        return known[key][1]

    return answer
