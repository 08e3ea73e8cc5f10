"""What keeps answers of a routine, or calls it: promotions and retirements ask about it first."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dependent:
    """Something that needs a routine.

    Attributes:
        name: what it is and its name, such as `index app.customers_churn_idx`.
        stored: whether it keeps answers, which another version makes wrong.
        fix: the statement that makes them right again, where there is one.
    """

    name: str
    stored: bool
    fix: str | None = None
