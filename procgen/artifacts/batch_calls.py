"""How `ml.churn_v3_batch` is called: rows go in as the bytes of arrays, scores come back as cells.

An array of doubles is as many bytes in memory as in Python, so nothing is converted and nothing is
printed; only texts are. See `procgen/kernels/runtime/wire.py` for the other side.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from procgen.backends.routines import Schema
from procgen.ir.expressions import Element, Expr, Reference
from procgen.ir.lengths import length_of
from procgen.ir.program import Output, OutputName, Program
from procgen.ir.trees import Ensemble, tested_features
from procgen.ir.types import DType, Field, ListType
from procgen.ir.typing import Typing
from procgen.ir.walk import columns_of

CHUNK = 20_000
"""Rows a call: the arrays take some megabytes, and a call's own cost is spread thin."""
AS_BYTES = (DType.FLOAT64, DType.FLOAT32, DType.INT64, DType.BOOL)
CELL_BYTES = 12


@dataclass(frozen=True, slots=True)
class BatchCall:
    """The batch routine of one version, as templates call it."""

    program: Program
    schema: Schema

    def values(self, columns: Mapping[str, str], outputs: Sequence[OutputName]) -> dict[str, Any]:
        """What `batch_parts` takes.

        Args:
            columns: the SQL of each input.
            outputs: what is asked for.
        """
        wanted = [one for name in outputs if (one := self.program.output(name)) is not None]
        typing = Typing.of(self.program)
        first: dict[object, int] = {}
        asked, width = [], 0
        for output in wanted:
            source = _source(typing, Reference(output.binding))
            if source not in first:  # a margin that is the prediction does not come twice
                first[source] = width
                asked.append(output.name.value)
                width += _cells(typing, output)
        return {
            "routine": self.schema.qualified("_batch"),
            "bytes": self.schema.qualified("_bytes"),
            "double": self.schema.qualified("_double"),
            "whole": self.schema.qualified("_whole"),
            "arrays": self._arrays(columns),
            "asked": asked,
            "row_bytes": width * CELL_BYTES,
            "scores": [
                self._score(output.type, first[_source(typing, Reference(output.binding))], count)
                for output in wanted
                for count in [_cells(typing, output)]
            ],
            "chunk": CHUNK,
        }

    def _arrays(self, columns: Mapping[str, str]) -> list[dict[str, Any]]:
        """An array of rows for each type that is sent as bytes, and one of texts; some empty."""
        dialect = self.schema.dialect
        read = read_inputs(self.program)
        return [
            {
                "name": kind.value,
                "type": dialect.types[kind],
                "items": [columns[own.name] for own in read if own.dtype is kind],
                "as_bytes": kind in AS_BYTES,
            }
            for kind in (*AS_BYTES, DType.TEXT)
        ]

    def _score(self, kind: DType | ListType, first: int, count: int) -> dict[str, Any]:
        item = kind.item if isinstance(kind, ListType) else kind
        return {
            "is_list": isinstance(kind, ListType),
            "item": item.value,
            "type": self.schema.dialect.types[item],
            "offsets": [(first + place) * CELL_BYTES + 1 for place in range(count)],
        }


def _cells(typing: Typing, output: Output) -> int:
    is_list = isinstance(output.type, ListType)
    return length_of(typing, Reference(output.binding)) if is_list else 1


def _source(typing: Typing, expr: Expr) -> object:
    """What two outputs have in common if one repeats the other: a binding, or an item of one."""
    match expr:
        case Reference(name):
            bound = typing.bindings[name]
            if isinstance(bound, Reference | Element):
                return _source(typing, bound)
            return name
        case Element(vector, index):
            return _source(typing, vector), index
        case _:
            return expr


def read_inputs(program: Program) -> tuple[Field, ...]:
    """The inputs that a score depends on."""
    read = {name for expr in _read(program) for name in columns_of(expr)}
    return tuple(own for own in program.inputs if own.name in read)


def _read(program: Program) -> Iterator[Expr]:
    """What requirements and bindings compute, but for features that no tree tests."""
    for requirement in program.requirements:
        yield requirement.subject
    for binding in program.bindings:
        match binding.value:
            case Ensemble() as ensemble:
                yield from (ensemble.features[place] for place in tested_features(ensemble))
            case expr:
                yield expr
