"""The Arrow type of each column type."""

from __future__ import annotations

import pyarrow as pa

from procgen.ir.types import DType

ARROW_TYPES = {
    DType.BOOL: pa.bool_(),
    DType.INT64: pa.int64(),
    DType.FLOAT32: pa.float32(),
    DType.FLOAT64: pa.float64(),
    DType.TEXT: pa.string(),
}
