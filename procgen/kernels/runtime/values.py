"""A tape of expressions over whole columns: each step reads earlier steps, and nothing recurses.

A value is a pair of an array and a mask of its NULLs, or None where there are none; a list is a
Python list of such pairs. A float is missing where it is NULL or NaN.
"""

from __future__ import annotations

import array

import numpy as np

from procgen.kernels.runtime.functions import OF_LISTS, OF_NUMBERS

PACKED = {"float64": "d", "float32": "d", "int64": "q"}
DTYPES = {"float64": np.float64, "float32": np.float64, "int64": np.int64, "bool": np.bool_}


def column_of(cells, dtype):
    """A Python list of cells, None where missing, or an array, as a value; values stay."""
    if isinstance(cells, tuple):
        return cells
    if isinstance(cells, np.ndarray):
        return cells, None
    if cells and dtype in PACKED:
        try:
            # Many times faster than NumPy reads a list, but there may be no None in it.
            return np.frombuffer(array.array(PACKED[dtype], cells), dtype=DTYPES[dtype]), None
        except TypeError:
            pass
    null = None
    if None in cells:
        null = np.array([cell is None for cell in cells])
        filler = {"text": "", "bool": False, "int64": 0}.get(dtype, np.nan)
        cells = [filler if cell is None else cell for cell in cells]
    return np.array(cells, dtype=DTYPES.get(dtype, object)), null


def constant_of(value, dtype, rows):
    """The same value in every row."""
    cells, null = column_of([value], dtype)
    return np.repeat(cells, rows), None if null is None else np.repeat(null, rows)


def either(first, second):
    """NULL where one of two values is."""
    if first is None or second is None:
        return second if first is None else first
    return first | second


def missing(value):
    """Where a value is missing, or None where it never is."""
    cells, null = value
    if cells.dtype.kind != "f":
        return null
    nan = cells != cells  # noqa: PLR0124 - true of NaN
    return nan if null is None else nan | null


def holds_nan(cells):
    """Whether a cell is NaN: a sum of squares is NaN only then, and takes one pass."""
    return cells.dtype.kind == "f" and bool(np.isnan(cells.dot(cells)))


def where(mask, first, second):
    """`first` where the mask holds, else `second`."""
    (a, a_null), (b, b_null) = first, second
    if a_null is None and b_null is None:
        return np.where(mask, a, b), None
    none = np.zeros(len(a), dtype=bool)
    nulls = [none if null is None else null for null in (a_null, b_null)]
    return np.where(mask, a, b), np.where(mask, *nulls)


def doubles(cells):
    """Numbers as doubles."""
    return cells if cells.dtype == np.float64 else cells.astype(np.float64)


def places_in(value, categories):
    """The place of each cell among sorted categories; their number where it is none of them.

    A missing cell has the number after that.
    """
    cells, _ = value
    count = len(categories)
    if cells.dtype == object:
        known = {category: place for place, category in enumerate(categories)}
        places = np.fromiter((known.get(cell, count) for cell in cells), np.int64, len(cells))
    elif count:
        listed = np.array(categories, dtype=None if cells.dtype.kind == "f" else np.int64)
        places = np.minimum(np.searchsorted(listed, cells), count - 1)
        places = np.where(listed[places] == cells, places, count)
    else:
        places = np.zeros(len(cells), dtype=np.int64)
    gone = missing(value)
    return places if gone is None else np.where(gone, count + 1, places)


def holds(value, test):
    """Where a cell passes a test; what is missing does not matter here."""
    cells, _ = value
    match test:
        case ["le", bound]:
            return cells <= bound
        case ["lt", bound]:
            return cells < bound
        case ["between", low, high]:
            return (cells >= low) & (cells <= high)
        case ["among", categories]:
            return places_in(value, categories) < len(categories)
        case _:
            return np.ones(len(cells), dtype=bool)


def fill(value, constant, rows):
    """The constant where the value is missing."""
    gone = missing(value)
    if gone is None:
        return value
    return where(gone, constant_of(*constant, rows), value)


def branch(subject, test, then, otherwise, absent):
    """One of three values, as the subject passes the test, fails it or is missing."""
    chosen = where(holds(subject, test), then, otherwise)
    gone = missing(subject)
    return chosen if gone is None else where(gone, absent, chosen)


def looked_up(subject, categories, results, dtype):
    """A table: the results of the categories, then of any other value, then of a missing one."""
    cells, null = column_of(results, dtype)
    places = places_in(subject, categories)
    return cells[places], None if null is None else null[places]


def chosen(index, options, dtype):
    """The option at an index; a missing index gives NULL."""
    cells, null = index
    places = (cells if null is None else np.where(null, 0, cells)).astype(np.int64)
    found, none = column_of(options, dtype)
    return found[places], either(null, None if none is None else none[places])


def unary(op, value):
    """One operation on numbers."""
    cells, null = value
    operand = doubles(cells)
    match op:
        case "negate":
            return -operand, null
        case "absolute":
            return np.abs(operand), null
        case "truncate":
            return np.trunc(operand), null
        case _:
            return operand, null


ARITHMETIC = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
}


def binary(op, left, right):
    """One operation on two doubles."""
    return ARITHMETIC[op](doubles(left[0]), doubles(right[0])), either(left[1], right[1])


def added(terms):
    """Terms added in their order, because float addition does not associate."""
    total, null = doubles(terms[0][0]), terms[0][1]
    for cells, gone in terms[1:]:
        total, null = total + doubles(cells), either(null, gone)
    return total, null


def called(function, value):
    """A named function of a number or of a list."""
    if not isinstance(value, list):
        return OF_NUMBERS[function](doubles(value[0])), value[1]
    null = None
    for item in value:
        null = either(null, item[1])
    result = OF_LISTS[function]([doubles(item[0]) for item in value])
    if isinstance(result, list):
        return [(item, null) for item in result]
    return result, null


def stepped(step, values, rows):  # noqa: C901, PLR0911, PLR0912 - one line a step
    """The value of one step of a tape; columns and ensembles are not steps of this kind."""
    match step:
        case ["constant", value, dtype]:
            return constant_of(value, dtype, rows)
        case ["same", operand]:
            return values[operand]
        case ["fill", operand, value, dtype]:
            return fill(values[operand], (value, dtype), rows)
        case ["unary", op, operand]:
            return unary(op, values[operand])
        case ["binary", op, left, right]:
            return binary(op, values[left], values[right])
        case ["sum", terms]:
            return added([values[term] for term in terms])
        case ["branch", subject, test, *sides]:
            return branch(values[subject], test, *(values[side] for side in sides))
        case ["match", subject, categories, results, dtype]:
            return looked_up(values[subject], categories, results, dtype)
        case ["choose", index, options, dtype]:
            return chosen(values[index], options, dtype)
        case ["call", function, argument]:
            return called(function, values[argument])
        case ["vector", items]:
            return [values[item] for item in items]
        case ["element", vector, index]:
            return values[vector][index]
        case _:
            raise ValueError("unknown step " + repr(step[0]))
