"""Arrow arrays as the kernel's values, and its values as Arrow arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from procgen.ir.arrow_types import ARROW_TYPES
from procgen.ir.types import DType, ListType, Type

FILLERS: dict[DType, Any] = {DType.INT64: 0, DType.BOOL: False}


def value_of(column: Any, dtype: DType) -> Any:
    """A column as the kernel takes it: an array and a mask of its NULLs, or a list of cells."""
    if dtype is DType.TEXT:
        return column.to_pylist()
    null = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
    if null is not None and dtype in FILLERS:
        column = column.fill_null(FILLERS[dtype])
    cells = column.to_numpy(zero_copy_only=False)
    # Compared with a double, a float32 array would round the double first.
    return (cells.astype(np.float64) if dtype is DType.FLOAT32 else cells), null


def array_of(value: Any, kind: Type) -> pa.Array:
    """What the kernel answers as an Arrow array; a list is NULL as a whole where a row is."""
    if not isinstance(kind, ListType):
        cells, null = value
        return pa.array(cells, type=ARROW_TYPES[kind], mask=null, from_pandas=False)
    width = len(value)
    cells = np.stack([cells for cells, _ in value], axis=1).reshape(-1)
    null = value[0][1]
    offsets = np.arange(0, len(cells) + 1, width, dtype=np.int32)
    mask = None if null is None else pa.array(null)
    items = pa.array(cells, type=ARROW_TYPES[kind.item], from_pandas=False)
    return pa.ListArray.from_arrays(pa.array(offsets), items, mask=mask)
