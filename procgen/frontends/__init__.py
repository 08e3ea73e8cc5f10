"""From a saved or fitted model to a Program; machine-learning libraries are imported only here.

A front-end is one module: importing it registers the classes that it reads, and it imports no
library before it has a model of that library to read.
"""

from __future__ import annotations

from procgen.frontends import (
    encoding,
    forests,
    gradient_boosting,
    hist_gradient_boosting,
    imputation,
    linear,
    linear_classifiers,
    pipeline_wants,
    pipelines,
    scaling,
    trees,
)
from procgen.frontends.answers import python_answers
from procgen.frontends.files import load_model
from procgen.frontends.reading import Source, read_model

READERS = (
    encoding,
    forests,
    gradient_boosting,
    hist_gradient_boosting,
    imputation,
    linear,
    linear_classifiers,
    pipeline_wants,
    pipelines,
    scaling,
    trees,
)
"""Every module of readers; a new front-end is added here and nowhere else."""

__all__ = ["READERS", "Source", "load_model", "python_answers", "read_model"]
