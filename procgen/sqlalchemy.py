"""Models as functions of SQLAlchemy: `scoring_function("churn", engine)`."""

from __future__ import annotations

from procgen.databases.functions import ScoringFunction, scoring_function

__all__ = ["ScoringFunction", "scoring_function"]
