"""Dropping a version, or bringing it back, and the registry told of it."""

from __future__ import annotations

from itertools import dropwhile

from procgen.artifacts.templates import render
from procgen.backends import dialect_named
from procgen.ir.types import DType


def retired_script(engine: str, statements: str, *, model: str, version: int, state: str) -> str:
    """The statements of a create migration, up or down, with the state they leave behind."""
    body = dropwhile(lambda line: line.startswith("-- procgen:"), statements.split("\n"))
    literal = dialect_named(engine).literal
    return render(
        engine,
        "retire",
        title=f"{model} v{version} is {state}.",
        statements="\n".join(body).strip("\n"),
        model=literal(model, DType.TEXT).removesuffix("::text"),
        version=version,
        state=literal(state, DType.TEXT).removesuffix("::text"),
    )
