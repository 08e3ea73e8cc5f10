"""Bodies of PL/Python run without a server."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def function_of(body: str) -> Callable[[Mapping[str, Any]], Any]:
    """What PL/Python makes of a body: its arguments are a list, as they have no names.

    Args:
        body: of a routine for a row, which is a record where it has more than 100 columns.
    """
    names: dict[str, Any] = {}
    exec("\n\t".join(["def routine():", *body.split("\n")]), names)
    routine, kept = names.pop("routine"), {}

    def call(row: Mapping[str, Any]) -> Any:
        names["SD"] = kept
        names["args"] = [dict(row)] if len(row) > 100 else list(row.values())
        return routine()

    return call
