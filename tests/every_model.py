"""What reading shows of every fitted model that a parity test compares on the databases."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

from procgen.frontends import read_model
from procgen.frontends.registry import Reading, class_name, every_reading, recorded
from tests.every_zoo import FAMILIES


@cache
def readings_by_class() -> dict[str, list[Reading]]:
    """Every step of every model as it was read, by class."""
    found: dict[str, list[Reading]] = defaultdict(list)
    for make in (make for models in FAMILIES.values() for make in models.values()):
        case = make()
        with recorded() as readings:
            read_model(case.model, case.inputs, case.types)
        for reading in every_reading(readings):
            found[class_name(reading.step)].append(reading)
    return dict(found)
