"""Scores as bits: whether two are the same value, and how many doubles apart they are."""

from __future__ import annotations

import math
import struct
import sys

from procgen.ir.interpreter import Value, to_float32


def same_bits(got: Value, want: Value) -> bool:
    """Whether two scores are one value of one type; every NaN is one value, -0.0 is not 0.0."""
    return _bits(got) == _bits(want)


def _bits(value: Value) -> object:
    match value:
        case tuple():
            return tuple(_bits(item) for item in value)
        case float():
            return "nan" if math.isnan(value) else struct.pack("<d", value)
        case _:
            return (type(value), value)


def ulps_apart(got: Value, want: Value, *, single: bool = False) -> int | None:
    """How many doubles apart, of lists the farthest; None where that has no meaning.

    `single` counts float32 numbers instead, where a library computes in those.
    """
    match got, want:
        case tuple(), tuple() if len(got) == len(want):
            pairs = [ulps_apart(a, b, single=single) for a, b in zip(got, want, strict=True)]
            known = [pair for pair in pairs if pair is not None]
            return max(known, default=0) if len(known) == len(pairs) else None
        case float(), float() if math.isnan(got) or math.isnan(want):
            return 0 if math.isnan(got) and math.isnan(want) else None
        case float(), float():
            place = _single_place if single else _place
            return abs(place(got) - place(want))
        case _:
            return 0 if same_bits(got, want) else None


def _place(value: float) -> int:
    number: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return number if number >= 0 else -(number & sys.maxsize)


def _single_place(value: float) -> int:
    number: int = struct.unpack("<i", struct.pack("<f", to_float32(value)))[0]
    return number if number >= 0 else -(number & 0x7FFFFFFF)
