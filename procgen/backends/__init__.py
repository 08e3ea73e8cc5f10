"""Dialects by name, and the printers that turn a lowered Program into their SQL."""

from __future__ import annotations

from procgen.backends.dialect import Dialect
from procgen.backends.duckdb import DUCKDB
from procgen.backends.postgres import POSTGRES
from procgen.errors import UnsupportedModelError

DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in (DUCKDB, POSTGRES)}


def dialect_named(name: str) -> Dialect:
    """The dialect that users call `name`.

    Raises:
        UnsupportedModelError: there is no such target.
    """
    if name not in DIALECTS:
        raise UnsupportedModelError(
            f"there is no target {name!r}", hint=f"choose one of: {', '.join(DIALECTS)}"
        )
    return DIALECTS[name]
