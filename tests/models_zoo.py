"""A small fitted model of every class and option that procgen compiles, by name."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn import ensemble, linear_model, svm, tree
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from procgen.ir.types import DType

ROWS = 240
PLANS = ["basic", 'O\'Hara "x" \\ $$ %s :y', "pro", "ünï😀"]
HOSTILE = ["select", 'quo"te', "$procgen$ %", ":x \\ 'y'"]
WORDS = np.array(["ham", "no'pe", "spam"], dtype=object)


class Fitted(NamedTuple):
    """A model, and the types of those columns that it cannot tell itself."""

    model: Any
    types: dict[str, DType] | None = None


ZOO: dict[str, Callable[[], Fitted]] = {}


@cache
def fitted(name: str) -> Fitted:
    """Train the model of this name; once in a process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ZOO[name]()


@cache
def numbers() -> pd.DataFrame:
    """Four columns of different size and roundness."""
    random = np.random.default_rng(0)
    table = random.normal(size=(ROWS, 4)) * [1.0, 1e-3, 1e4, 30.0] + [0.1, 0.02, -3.0, 40.0]
    table[:, 0] = table[:, 0].round(1)
    table[:, 3] = table[:, 3].round(0)
    return pd.DataFrame(table, columns=["a", "b", "c", "d"])


@cache
def holed() -> pd.DataFrame:
    """The same with missing values."""
    table = numbers().copy()
    return table.mask(np.random.default_rng(1).random(table.shape) < 0.15)


@cache
def mixed() -> pd.DataFrame:
    """Numbers with gaps, whole numbers, truth values and text."""
    random = np.random.default_rng(2)
    table = holed().assign(
        children=random.integers(0, 5, ROWS),
        member=random.random(ROWS) < 0.5,
        plan=random.choice(np.array(PLANS, dtype=object), ROWS),
        region=random.choice(np.array(["n", "s"], dtype=object), ROWS),
    )
    return table.astype({"plan": object, "region": object})


@cache
def signal() -> np.ndarray:
    """What the columns of `numbers` say."""
    table = numbers().to_numpy()
    noise = np.random.default_rng(3).normal(size=ROWS) / 10
    centred = (table - table.mean(axis=0)) / table.std(axis=0)
    return centred @ [1.0, -0.5, 0.3, 0.2] + centred[:, 0] * centred[:, 3] / 4 + noise


def real() -> np.ndarray:
    return signal() * 3 + 1


def positive() -> np.ndarray:
    return np.exp(signal() / 2)


def targets() -> np.ndarray:
    return np.column_stack([real(), -signal(), positive()])


def three() -> np.ndarray:
    return np.digitize(signal(), [-0.5, 0.6])


def two() -> np.ndarray:
    return signal() > 0.1


def words() -> np.ndarray:
    return WORDS[three()]


def two_words() -> np.ndarray:
    return WORDS[1:][two().astype(int)]


def labels_of_two_outputs() -> np.ndarray:
    return np.column_stack([three(), two().astype(int)])


def add(name: str, model: Any, X: Callable[[], pd.DataFrame], y: Callable[[], Any]) -> None:
    if name in ZOO:
        raise ValueError(f"{name} is there twice")
    ZOO[name] = lambda: Fitted(model.fit(X(), y()))


def scaled(model: Any) -> Any:
    return make_pipeline(StandardScaler(), model)


def add_linear_regressors() -> None:
    for cls, options in (
        (linear_model.ARDRegression, {}),
        (linear_model.BayesianRidge, {}),
        (linear_model.ElasticNet, {"alpha": 0.1}),
        (linear_model.ElasticNetCV, {"cv": 3}),
        (linear_model.HuberRegressor, {"max_iter": 1000}),
        (linear_model.Lars, {}),
        (linear_model.LarsCV, {"cv": 3}),
        (linear_model.Lasso, {"alpha": 0.3}),
        (linear_model.LassoCV, {"cv": 3}),
        (linear_model.LassoLars, {"alpha": 0.01}),
        (linear_model.LassoLarsCV, {"cv": 3}),
        (linear_model.LassoLarsIC, {}),
        (linear_model.LinearRegression, {}),
        (linear_model.OrthogonalMatchingPursuit, {}),
        (linear_model.OrthogonalMatchingPursuitCV, {"cv": 3}),
        (linear_model.PassiveAggressiveRegressor, {"random_state": 0}),
        (linear_model.QuantileRegressor, {"alpha": 0.01}),
        (linear_model.Ridge, {}),
        (linear_model.RidgeCV, {}),
        (linear_model.SGDRegressor, {"random_state": 0}),
        (linear_model.TheilSenRegressor, {"random_state": 0, "max_subpopulation": 50}),
        (svm.LinearSVR, {"max_iter": 5000}),
    ):
        ZOO[cls.__name__] = lambda cls=cls, options=options: Fitted(
            scaled(cls(**options)).fit(numbers(), real())
        )
    for cls, y in (
        (linear_model.PoissonRegressor, positive),
        (linear_model.GammaRegressor, positive),
    ):
        ZOO[cls.__name__] = lambda cls=cls, y=y: Fitted(scaled(cls()).fit(numbers(), y()))
    for power in (0, 1.5, 3):
        add(
            f"Tweedie-{power}",
            scaled(linear_model.TweedieRegressor(power=power)),
            numbers,
            positive,
        )
    add("Linear-unscaled", linear_model.LinearRegression(), numbers, real)
    add("Linear-no-intercept", linear_model.LinearRegression(fit_intercept=False), numbers, real)
    add("Linear-three-targets", linear_model.LinearRegression(), numbers, targets)
    add("Ridge-three-targets", linear_model.Ridge(), numbers, targets)
    for cls in (linear_model.MultiTaskElasticNet, linear_model.MultiTaskLasso):
        add(cls.__name__, scaled(cls(alpha=0.05)), numbers, targets)
    for cls in (linear_model.MultiTaskElasticNetCV, linear_model.MultiTaskLassoCV):
        add(cls.__name__, scaled(cls(cv=3)), numbers, targets)
    ZOO["Ridge-100-columns"] = wide_line


def wide_line() -> Fitted:
    """More terms than one Sum, and as many arguments as PostgreSQL takes."""
    table = np.random.default_rng(7).normal(size=(300, 100))
    frame = pd.DataFrame(table, columns=[f"x{i}" for i in range(100)])
    return Fitted(linear_model.Ridge().fit(frame, table.sum(axis=1) + 1))


def add_linear_classifiers() -> None:
    for title, y in (("binary", two), ("text", words)):
        for cls, options in (
            (linear_model.LogisticRegression, {}),
            (linear_model.LogisticRegressionCV, {"cv": 3, "Cs": 3}),
            (linear_model.PassiveAggressiveClassifier, {"random_state": 0}),
            (linear_model.Perceptron, {"random_state": 0}),
            (linear_model.RidgeClassifier, {}),
            (linear_model.RidgeClassifierCV, {}),
            (svm.LinearSVC, {"random_state": 0}),
        ):
            add(f"{cls.__name__}-{title}", scaled(cls(**options)), numbers, y)
        for loss in ("hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron"):
            model = linear_model.SGDClassifier(loss=loss, random_state=0, alpha=0.01)
            add(f"SGDClassifier-{loss}-{title}", scaled(model), numbers, y)
    add("LogisticRegression-integer", scaled(linear_model.LogisticRegression()), numbers, three)
    unscaled = linear_model.LogisticRegression(solver="liblinear")
    add("LogisticRegression-liblinear", unscaled, numbers, two_words)


def add_trees() -> None:
    small = {"max_depth": 4, "random_state": 0}
    forest = small | {"n_estimators": 7}
    for cls, options in (
        (tree.DecisionTreeClassifier, small),
        (tree.ExtraTreeClassifier, small),
        (ensemble.RandomForestClassifier, forest),
        (ensemble.ExtraTreesClassifier, forest),
    ):
        for title, y in (
            ("bool", two),
            ("text", words),
            ("integer", three),
            ("two-outputs", labels_of_two_outputs),
        ):
            add(f"{cls.__name__}-{title}", cls(**options), numbers, y)
        add(f"{cls.__name__}-missing", cls(**options), holed, two_words)
    for cls, options in (
        (tree.DecisionTreeRegressor, small),
        (tree.ExtraTreeRegressor, small),
        (ensemble.RandomForestRegressor, forest),
        (ensemble.ExtraTreesRegressor, forest),
    ):
        add(cls.__name__, cls(**options), numbers, real)
        add(f"{cls.__name__}-missing", cls(**options), holed, real)
        add(f"{cls.__name__}-three-targets", cls(**options), numbers, targets)
    add("DecisionTree-deep", tree.DecisionTreeRegressor(random_state=0), numbers, real)
    add("Forest-60-trees", ensemble.RandomForestRegressor(60, random_state=0), numbers, real)
    ZOO["Tree-hostile-names"] = hostile_names


def hostile_names() -> Fitted:
    frame = numbers().set_axis(HOSTILE, axis=1)
    return Fitted(tree.DecisionTreeClassifier(max_depth=4, random_state=0).fit(frame, words()))


def add_boosting() -> None:
    few = {"n_estimators": 6, "max_depth": 3, "random_state": 0}
    for loss in ("squared_error", "absolute_error", "huber", "quantile"):
        model = ensemble.GradientBoostingRegressor(loss=loss, **few)
        add(f"GradientBoostingRegressor-{loss}", model, numbers, real)
    for title, y in (("bool", two), ("text", words), ("integer", three)):
        add(
            f"GradientBoostingClassifier-{title}",
            ensemble.GradientBoostingClassifier(**few),
            numbers,
            y,
        )
    exponential = ensemble.GradientBoostingClassifier(loss="exponential", **few)
    add("GradientBoostingClassifier-exponential", exponential, numbers, two)
    zero = ensemble.GradientBoostingClassifier(init="zero", **few)
    add("GradientBoostingClassifier-zero", zero, numbers, words)
    dummy = ensemble.GradientBoostingClassifier(init=DummyClassifier(), **few)
    add("GradientBoostingClassifier-dummy", dummy, numbers, two_words)
    mean = ensemble.GradientBoostingRegressor(init=DummyRegressor(strategy="median"), **few)
    add("GradientBoostingRegressor-dummy", mean, numbers, real)
    for loss, y in (
        ("squared_error", real),
        ("absolute_error", real),
        ("poisson", positive),
        ("gamma", positive),
    ):
        model = ensemble.HistGradientBoostingRegressor(loss=loss, max_iter=6, random_state=0)
        add(f"HistGradientBoostingRegressor-{loss}", model, holed, y)
    for title, y in (("bool", two), ("text", words), ("integer", three)):
        model = ensemble.HistGradientBoostingClassifier(max_iter=6, max_leaf_nodes=8)
        add(f"HistGradientBoostingClassifier-{title}", model, holed, y)
    ZOO["HistGradientBoosting-categories"] = histogram_with_categories
    ZOO["HistGradientBoosting-numbers-as-categories"] = histogram_with_codes
    add(
        "GradientBoostingRegressor-200-trees",
        ensemble.GradientBoostingRegressor(n_estimators=200, max_depth=2, random_state=0),
        numbers,
        real,
    )


def histogram_with_categories() -> Fitted:
    frame = mixed().astype({"plan": "category", "region": "category"})
    model = ensemble.HistGradientBoostingClassifier(
        categorical_features="from_dtype", max_iter=8, min_samples_leaf=4
    )
    y = np.where(frame["plan"].isin(["pro", PLANS[1]]), two(), frame["member"])
    return Fitted(model.fit(frame, y))


def histogram_with_codes() -> Fitted:
    frame = numbers().assign(code=np.arange(ROWS) * 7 % 11)
    frame.loc[::9, "code"] = np.nan
    model = ensemble.HistGradientBoostingRegressor(
        categorical_features=["code"], max_iter=8, min_samples_leaf=4
    )
    return Fitted(model.fit(frame, real() + frame["code"].isin([1, 4, 7])))


TYPES = {"children": DType.INT64, "member": DType.BOOL, "plan": DType.TEXT, "region": DType.TEXT}


def mixed_columns(*, onehot: dict[str, Any], sparse: float = 0.3) -> ColumnTransformer:
    """Imputed and scaled numbers, encoded text, columns passed through and dropped."""
    return ColumnTransformer(
        [
            (
                "median",
                make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
                ["a", "b"],
            ),
            (
                "indicated",
                SimpleImputer(strategy="constant", fill_value=-1.0, add_indicator=True),
                ["c"],
            ),
            ("onehot", OneHotEncoder(**onehot), ["plan"]),
            (
                "ordinal",
                OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
                ["region"],
            ),
            ("kept", "passthrough", ["children", "member"]),
            ("dropped", "drop", ["d"]),
        ],
        sparse_threshold=sparse,
    )


def add_pipelines() -> None:
    encoders = {
        "ignore": {"handle_unknown": "ignore"},
        "error": {},
        "drop-first": {"drop": "first", "handle_unknown": "ignore"},
        "infrequent": {"min_frequency": 65, "handle_unknown": "infrequent_if_exist"},
        "dense": {"sparse_output": False, "handle_unknown": "ignore"},
    }
    models = {
        "tree": tree.DecisionTreeClassifier(max_depth=5, random_state=0),
        "forest": ensemble.RandomForestClassifier(8, max_depth=5, random_state=0),
        "boosting": ensemble.GradientBoostingClassifier(n_estimators=8, random_state=0),
        "logistic": linear_model.LogisticRegression(max_iter=2000),
        "ridge": linear_model.RidgeClassifier(),
    }
    for model_title, model in models.items():
        for title, options in encoders.items():
            if title in ("ignore", "error") or model_title in ("boosting", "logistic"):
                ZOO[f"Pipeline-{model_title}-{title}"] = lambda model=model, options=options: (
                    Fitted(
                        make_pipeline(mixed_columns(onehot=options), clone(model)).fit(
                            mixed(), words()
                        ),
                        TYPES,
                    )
                )
    for strategy in ("mean", "most_frequent"):
        imputed = make_pipeline(
            SimpleImputer(strategy=strategy), StandardScaler(), linear_model.Ridge()
        )
        add(f"Pipeline-{strategy}", imputed, holed, real)
    scaled_tree = make_pipeline(
        SimpleImputer(add_indicator=True),
        StandardScaler(with_mean=False),
        tree.DecisionTreeRegressor(max_depth=5, random_state=0),
    )
    add("Pipeline-scaled-tree", scaled_tree, holed, real)
    scaled_boosting = make_pipeline(
        StandardScaler(), ensemble.HistGradientBoostingRegressor(max_iter=6, min_samples_leaf=5)
    )
    add("Pipeline-scaled-histogram", scaled_boosting, holed, real)
    ZOO["Pipeline-wide-row"] = wide_row


def wide_row() -> Fitted:
    """More columns than PostgreSQL takes as arguments."""
    table = np.random.default_rng(8).normal(size=(200, 120))
    frame = pd.DataFrame(table, columns=[f"x{i}" for i in range(120)])
    model = ensemble.RandomForestClassifier(5, max_depth=4, random_state=0)
    return Fitted(scaled(model).fit(frame, WORDS[1:][(table[:, 5] > 0).astype(int)]))


with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # some classes are on their way out of scikit-learn
    add_linear_regressors()
    add_linear_classifiers()
    add_trees()
    add_boosting()
    add_pipelines()
