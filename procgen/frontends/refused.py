"""Transformers that are not read, each with the reason that a user is told."""

from __future__ import annotations

from procgen.frontends.registry import REFUSED

NEIGHBOURS = "looks up the nearest training rows, which the SQL would have to carry"
TEXTS = "splits texts into words, and no database does it as Python's regular expressions do"
TARGETS = "encodes targets, and a pipeline hands it none when it predicts"
IMPUTE = "impute with SimpleImputer"

REFUSED.update(
    {
        "sklearn.impute.KNNImputer": (NEIGHBOURS, IMPUTE),
        "sklearn.impute.IterativeImputer": (
            "runs its regressors over the row again and again, each on what the last one filled in",
            IMPUTE,
        ),
        "sklearn.feature_extraction.text.CountVectorizer": (TEXTS, "count the words beforehand"),
        "sklearn.feature_extraction.text.TfidfVectorizer": (TEXTS, "count the words beforehand"),
        "sklearn.feature_extraction.text.HashingVectorizer": (TEXTS, "count the words beforehand"),
        "sklearn.feature_extraction.DictVectorizer": (
            "takes dictionaries, and a table has columns",
            "make columns of the keys, and encode them with OneHotEncoder",
        ),
        "sklearn.feature_extraction.FeatureHasher": (
            "hashes names with a function that databases do not have",
            "encode with OneHotEncoder or OrdinalEncoder",
        ),
        "sklearn.preprocessing.KernelCenterer": (
            "centres a kernel matrix, which has a column for each training row",
            "train a model without kernels",
        ),
        "sklearn.preprocessing.LabelBinarizer": (TARGETS, "encode columns with OneHotEncoder"),
        "sklearn.preprocessing.LabelEncoder": (TARGETS, "encode columns with OrdinalEncoder"),
        "sklearn.preprocessing.MultiLabelBinarizer": (TARGETS, "encode columns with OneHotEncoder"),
    }
)
