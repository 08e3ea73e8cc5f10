"""A small fitted model of each estimator that is made of others, or is not among the usual ones."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn import (
    calibration,
    cluster,
    cross_decomposition,
    discriminant_analysis,
    dummy,
    ensemble,
    isotonic,
    linear_model,
    model_selection,
    multiclass,
    multioutput,
    naive_bayes,
    neighbors,
    semi_supervised,
    svm,
    tree,
)
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - its import is its use
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

ROWS = 200
MODELS: dict[str, Callable[[], Any]] = {}
"""Each trains one model; the key says what is special about it."""


@cache
def fitted(name: str) -> Any:
    """Train the model of this name; once in a process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MODELS[name]()


def _numbers() -> pd.DataFrame:
    random = np.random.default_rng(0)
    table = random.normal(size=(ROWS, 4)) * [1.0, 0.1, 10.0, 3.0] + [0.1, 0.02, -3.0, 4.0]
    table[:, 0] = table[:, 0].round(1)
    table[:, 3] = table[:, 3].round(0)
    return pd.DataFrame(table, columns=["a", "b", "c", "d"])


X = _numbers()
SIGNAL = (X.a * 2 - X.b * 10 + X.c * X.d / 20).to_numpy() + np.random.default_rng(1).normal(
    size=ROWS
)
POSITIVE = np.exp(SIGNAL / 4)
PAIR = np.array(["no", "yes"])[(SIGNAL > 0).astype(int)]
FLAGS = SIGNAL > 0.5
TRIPLE = np.array(["b", "a", "ç"])[np.digitize(SIGNAL, [-1.5, 1.0])]
FIVE = np.digitize(SIGNAL, [-2.5, -0.5, 0.5, 2.0]) * 3 - 5
TWO_VALUES = np.column_stack([SIGNAL, X.b.to_numpy() ** 2])
TWO_LABELS = np.column_stack([np.digitize(SIGNAL, [-1.0, 1.0]), (X.b > 0).to_numpy().astype(int)])
INDICATORS = np.column_stack([SIGNAL > 0, X.b > 0, X.d > 4]).astype(int)
COUNTS = X.abs().round(0)
HOLED = X.mask(np.random.default_rng(2).random(X.shape) < 0.1)
MIXED = X.assign(plan=np.array(["basic", "it's", "pro"])[np.arange(ROWS) % 3])


def small_tree(**options: Any) -> Any:
    return tree.DecisionTreeClassifier(max_depth=3, random_state=0, **options)


def small_regression_tree(**options: Any) -> Any:
    return tree.DecisionTreeRegressor(max_depth=3, random_state=0, **options)


def small_forest() -> Any:
    return ensemble.RandomForestClassifier(5, max_depth=3, random_state=0)


def small_regression_forest() -> Any:
    return ensemble.RandomForestRegressor(5, max_depth=3, random_state=0)


def small_boosting() -> Any:
    return ensemble.GradientBoostingClassifier(n_estimators=3, max_depth=2, random_state=0)


def logistic(**options: Any) -> Any:
    return linear_model.LogisticRegression(max_iter=500, **options)


def scaled(model: Any) -> Any:
    return make_pipeline(StandardScaler(), model)


def one_hot(model: Any) -> Any:
    encoder = ColumnTransformer([("plan", OneHotEncoder(), ["plan"])], remainder="passthrough")
    return make_pipeline(encoder, model)


def add(name: str, model: Any, y: Any, table: Any = X, **options: Any) -> None:
    MODELS[name] = lambda: model.fit(table, y, **options) if y is not None else model.fit(table)


CLASS_TARGETS = {"pair": PAIR, "flags": FLAGS, "triple": TRIPLE, "five": FIVE}
FOLDS = 3

# Searches
add("grid search", model_selection.GridSearchCV(small_tree(), {"max_depth": [1, 2]}, cv=3), TRIPLE)
add(
    "random search of a pipeline",
    model_selection.RandomizedSearchCV(
        one_hot(logistic()), {"logisticregression__C": [0.1, 1.0]}, n_iter=2, cv=3, random_state=0
    ),
    PAIR,
    MIXED,
)
add(
    "halving search",
    model_selection.HalvingGridSearchCV(small_tree(), {"max_depth": [1, 2]}, cv=3, random_state=0),
    TRIPLE,
)
add(
    "halving search at random",
    model_selection.HalvingRandomSearchCV(
        linear_model.Ridge(), {"alpha": [0.1, 1.0, 9.0]}, cv=3, random_state=0
    ),
    SIGNAL,
)
ALONE = np.column_stack([INDICATORS[:, :2], np.ones(ROWS, dtype=int)])
add(
    "one vs rest of a label that every row has", multiclass.OneVsRestClassifier(small_tree()), ALONE
)

# Voting
for label, target in CLASS_TARGETS.items():
    voters = [("t", small_tree()), ("f", small_forest()), ("t2", small_tree(criterion="entropy"))]
    add(f"soft voting {label}", ensemble.VotingClassifier(voters, voting="soft"), target)
    add(
        f"weighted voting {label}",
        ensemble.VotingClassifier(voters, voting="soft", weights=[0.3, 1, 2]),
        target,
    )
    add(f"hard voting {label}", ensemble.VotingClassifier(voters), target)
    add(
        f"weighted hard voting {label}",
        ensemble.VotingClassifier(voters, weights=[0.3, 0.3, 0.5]),
        target,
    )
add(
    "mixed voting",
    ensemble.VotingClassifier(
        [("l", scaled(logistic())), ("b", small_boosting()), ("n", naive_bayes.GaussianNB())],
        voting="soft",
    ),
    TRIPLE,
)
add(
    "mixed hard voting",
    ensemble.VotingClassifier(
        [
            ("l", scaled(logistic())),
            ("h", ensemble.HistGradientBoostingClassifier(max_iter=3, max_depth=2)),
            ("t", small_tree()),
        ]
    ),
    PAIR,
)
REGRESSORS = [("t", small_regression_tree()), ("f", small_regression_forest())]
add("voting regressor", ensemble.VotingRegressor(REGRESSORS), SIGNAL)
add("weighted voting regressor", ensemble.VotingRegressor(REGRESSORS, weights=[1, 0.2]), SIGNAL)
add(
    "mixed voting regressor",
    ensemble.VotingRegressor([*REGRESSORS, ("r", linear_model.Ridge())]),
    SIGNAL,
)

# Stacking
for label, target in CLASS_TARGETS.items():
    first = [("f", small_forest()), ("t", small_tree())]
    add(
        f"stacked trees {label}",
        ensemble.StackingClassifier(first, final_estimator=small_tree(), cv=3),
        target,
    )
add(
    "stacked mixture",
    ensemble.StackingClassifier(
        [("l", scaled(logistic())), ("f", small_forest()), ("b", small_boosting())],
        final_estimator=logistic(),
        cv=3,
        passthrough=True,
    ),
    TRIPLE,
)
add(
    "stacked decisions",
    ensemble.StackingClassifier(
        [("s", svm.LinearSVC(random_state=0)), ("t", small_tree())],
        final_estimator=small_boosting(),
        cv=3,
    ),
    PAIR,
)
add(
    "stacked regressors",
    ensemble.StackingRegressor(REGRESSORS, final_estimator=small_regression_tree(), cv=3),
    SIGNAL,
)
add(
    "stacked linear regressors",
    ensemble.StackingRegressor([("r", linear_model.Ridge()), *REGRESSORS], cv=3, passthrough=True),
    SIGNAL,
)

# Calibration
for method in ("sigmoid", "isotonic", "temperature"):
    for label, target in {"pair": PAIR, "triple": TRIPLE}.items():
        for together in (True, False):
            add(
                f"{method} forest {label} ensemble={together}",
                calibration.CalibratedClassifierCV(
                    small_forest(), method=method, cv=FOLDS, ensemble=together
                ),
                target,
            )
        add(
            f"{method} margins {label}",
            calibration.CalibratedClassifierCV(
                svm.LinearSVC(random_state=0), method=method, cv=FOLDS
            ),
            target,
        )
add(
    "isotonic boosting",
    calibration.CalibratedClassifierCV(small_boosting(), method="isotonic", cv=FOLDS),
    PAIR,
)

# Bagging
for label, target in CLASS_TARGETS.items():
    add(
        f"bagged trees {label}",
        ensemble.BaggingClassifier(small_tree(), 6, max_features=0.6, random_state=0),
        target,
    )
add(
    "bagged logistic",
    ensemble.BaggingClassifier(logistic(), 3, max_features=2, random_state=0),
    TRIPLE,
)
add(
    "bagged margins",
    ensemble.BaggingClassifier(svm.LinearSVC(random_state=0), 3, random_state=0),
    PAIR,
)
add(
    "bagged rare class",
    ensemble.BaggingClassifier(small_tree(), 5, max_samples=6, random_state=0),
    FIVE,
)
add(
    "bagged trees of holes",
    ensemble.BaggingClassifier(small_tree(), 4, random_state=0),
    PAIR,
    HOLED,
)
add("bagged regression trees", ensemble.BaggingRegressor(n_estimators=3, random_state=0), SIGNAL)
add(
    "bagged ridges",
    ensemble.BaggingRegressor(linear_model.Ridge(), 3, max_features=3, random_state=0),
    SIGNAL,
)
add(
    "bagged forests",
    ensemble.BaggingRegressor(small_regression_forest(), 2, random_state=0),
    TWO_VALUES,
)

# Boosting
for label, target in CLASS_TARGETS.items():
    add(f"adaboost {label}", ensemble.AdaBoostClassifier(n_estimators=6, random_state=0), target)
add(
    "adaboost of deeper trees",
    ensemble.AdaBoostClassifier(small_tree(), n_estimators=5, learning_rate=0.3, random_state=0),
    TRIPLE,
)
add(
    "adaboost of logistic",
    ensemble.AdaBoostClassifier(logistic(), n_estimators=3, random_state=0),
    TRIPLE,
)
add(
    "adaboost of one perfect tree",
    ensemble.AdaBoostClassifier(tree.DecisionTreeClassifier(), n_estimators=3, random_state=0),
    PAIR,
)
for loss in ("linear", "square", "exponential"):
    add(
        f"adaboost regressor {loss}",
        ensemble.AdaBoostRegressor(n_estimators=7, loss=loss, random_state=0),
        SIGNAL,
    )

# Outliers
add("isolation forest", ensemble.IsolationForest(n_estimators=8, random_state=0), None)
add(
    "isolation forest of some columns",
    ensemble.IsolationForest(n_estimators=6, max_features=2, contamination=0.2, random_state=0),
    None,
)
add(
    "isolation forest of holes",
    ensemble.IsolationForest(n_estimators=5, random_state=0),
    None,
    HOLED,
)
add(
    "isolation forest of single rows",
    ensemble.IsolationForest(n_estimators=3, max_samples=1, random_state=0),
    None,
)
add("one class", linear_model.SGDOneClassSVM(random_state=0), None)

# Many binary models
for label, target in CLASS_TARGETS.items():
    add(f"one vs rest trees {label}", multiclass.OneVsRestClassifier(small_tree()), target)
    add(f"one vs rest logistic {label}", multiclass.OneVsRestClassifier(logistic()), target)
    add(f"one vs one trees {label}", multiclass.OneVsOneClassifier(small_tree()), target)
add("one vs rest labels", multiclass.OneVsRestClassifier(small_tree()), INDICATORS)
add("one vs rest margins of labels", multiclass.OneVsRestClassifier(svm.LinearSVC()), INDICATORS)
add("one vs one margins", multiclass.OneVsOneClassifier(svm.LinearSVC(random_state=0)), TRIPLE)
add("one vs one ridge", multiclass.OneVsOneClassifier(linear_model.RidgeClassifier()), PAIR)
add(
    "output code",
    multiclass.OutputCodeClassifier(logistic(), code_size=2, random_state=0),
    FIVE,
)

# Several outputs
add("outputs of trees", multioutput.MultiOutputClassifier(small_tree()), TWO_LABELS)
add("outputs of logistic", multioutput.MultiOutputClassifier(logistic()), TWO_LABELS)
add("outputs of margins", multioutput.MultiOutputClassifier(svm.LinearSVC()), INDICATORS)
add("outputs of boosting", multioutput.MultiOutputRegressor(small_regression_forest()), TWO_VALUES)
add("outputs of ridges", multioutput.MultiOutputRegressor(linear_model.Ridge()), TWO_VALUES)
add(
    "chain of trees",
    multioutput.ClassifierChain(small_tree(), order=[2, 0, 1]),
    INDICATORS,
)
add(
    "chain of probabilities",
    multioutput.ClassifierChain(logistic(), chain_method="predict_proba", order=[1, 2, 0]),
    INDICATORS,
)
add(
    "chain of decisions",
    multioutput.ClassifierChain(svm.LinearSVC(), chain_method="decision_function", cv=3),
    INDICATORS,
)
add("chain of regressors", multioutput.RegressorChain(small_regression_tree()), TWO_VALUES)
add("chain of ridges", multioutput.RegressorChain(linear_model.Ridge(), order=[1, 0]), TWO_VALUES)

# Targets and thresholds
for name, (function, inverse) in {
    "log1p": (np.log1p, np.expm1),
    "log": (np.log, np.exp),
    "sqrt": (np.sqrt, np.square),
    "square": (np.square, np.sqrt),
    "identity": (None, None),
}.items():
    for label, inner in {
        "forest": small_regression_forest(),
        "ridge": linear_model.Ridge(),
    }.items():
        if (name, label) != ("square", "ridge"):
            add(
                f"{name} of the target of a {label}",
                TransformedTargetRegressor(inner, func=function, inverse_func=inverse),
                POSITIVE,
            )
add(
    "scaled target",
    TransformedTargetRegressor(small_regression_tree(), transformer=StandardScaler()),
    SIGNAL,
)
add(
    "squeezed targets",
    TransformedTargetRegressor(small_regression_tree(), transformer=MinMaxScaler()),
    TWO_VALUES,
)
for positive in ("no", "yes"):
    add(
        f"fixed threshold {positive}",
        model_selection.FixedThresholdClassifier(small_forest(), threshold=0.3, pos_label=positive),
        PAIR,
    )
add(
    "fixed threshold of margins",
    model_selection.FixedThresholdClassifier(
        svm.LinearSVC(random_state=0), threshold=-0.2, response_method="decision_function"
    ),
    FLAGS,
)
add("fixed threshold by default", model_selection.FixedThresholdClassifier(logistic()), FLAGS)
add("tuned threshold", model_selection.TunedThresholdClassifierCV(small_forest(), cv=3), FLAGS)
add(
    "tuned threshold of a margin",
    model_selection.TunedThresholdClassifierCV(
        svm.LinearSVC(random_state=0), cv=3, response_method="decision_function"
    ),
    FLAGS,
)
add(
    "self training",
    semi_supervised.SelfTrainingClassifier(small_forest()),
    np.where(np.arange(ROWS) % 3 == 0, -1, (SIGNAL > 0).astype(int)),
)
add("ransac", linear_model.RANSACRegressor(random_state=0), SIGNAL)
add(
    "ransac of trees", linear_model.RANSACRegressor(small_regression_tree(), min_samples=20), SIGNAL
)

# Bayes, discriminants, centroids
for label, target in {"pair": PAIR, "triple": TRIPLE}.items():
    add(f"gaussian {label}", naive_bayes.GaussianNB(), target)
    add(f"multinomial {label}", naive_bayes.MultinomialNB(), target, COUNTS)
    add(f"complement {label}", naive_bayes.ComplementNB(norm=True), target, COUNTS)
    add(f"bernoulli {label}", naive_bayes.BernoulliNB(binarize=1.0), target)
    add(f"categorical {label}", naive_bayes.CategoricalNB(), target, COUNTS.clip(upper=4))
    add(f"linear {label}", discriminant_analysis.LinearDiscriminantAnalysis(), target)
    add(f"quadratic {label}", discriminant_analysis.QuadraticDiscriminantAnalysis(), target)
    add(f"centroid {label}", neighbors.NearestCentroid(), target)
    add(
        f"centroid with priors {label}",
        neighbors.NearestCentroid(priors="empirical", shrink_threshold=0.1),
        target,
    )
add(
    "linear by least squares",
    discriminant_analysis.LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
    TRIPLE,
)
add(
    "quadratic with shrinkage",
    discriminant_analysis.QuadraticDiscriminantAnalysis(reg_param=0.1),
    TRIPLE,
)
add("manhattan centroid", neighbors.NearestCentroid(metric="manhattan"), TRIPLE)
add("k means", cluster.KMeans(4, n_init=2, random_state=0), None)
add("k means by batches", cluster.MiniBatchKMeans(3, n_init=2, random_state=0), None)

# The same answer always
for strategy in ("most_frequent", "prior"):
    add(f"{strategy} pair", dummy.DummyClassifier(strategy=strategy), PAIR)
add("constant label", dummy.DummyClassifier(strategy="constant", constant="ç"), TRIPLE)
add("prior of two labels", dummy.DummyClassifier(strategy="prior"), TWO_LABELS)
add("mean", dummy.DummyRegressor(), SIGNAL)
add("medians", dummy.DummyRegressor(strategy="median"), TWO_VALUES)

# One column and projections
for outside in ("clip", "nan", "raise"):
    add(
        f"isotonic {outside}",
        isotonic.IsotonicRegression(out_of_bounds=outside),
        SIGNAL,
        X[["a"]],
    )
add(
    "falling isotonic",
    isotonic.IsotonicRegression(increasing=False, out_of_bounds="clip"),
    SIGNAL,
    X[["b"]],
)
add("partial least squares", cross_decomposition.PLSRegression(2), SIGNAL)
add("canonical correlation", cross_decomposition.CCA(1), TWO_VALUES)
add("canonical partial least squares", cross_decomposition.PLSCanonical(2), TWO_VALUES)
add("partial least squares of two", cross_decomposition.PLSRegression(2), TWO_VALUES)

# Deeper
add(
    "calibrated stack in a search",
    model_selection.GridSearchCV(
        calibration.CalibratedClassifierCV(
            ensemble.StackingClassifier(
                [("f", small_forest()), ("b", small_boosting())],
                final_estimator=small_tree(),
                cv=2,
            ),
            method="isotonic",
            cv=2,
        ),
        {"ensemble": [False]},
        cv=2,
    ),
    PAIR,
)
add(
    "voting in a pipeline",
    one_hot(
        ensemble.VotingClassifier(
            [("f", small_forest()), ("c", calibration.CalibratedClassifierCV(small_tree(), cv=2))],
            voting="soft",
        )
    ),
    TRIPLE,
    MIXED,
)
add(
    "calibration of a frozen model",
    calibration.CalibratedClassifierCV(FrozenEstimator(small_forest().fit(X, PAIR))),
    PAIR,
)


def columns_of(model: Any) -> list[str] | None:
    """Names for a model that does not keep them."""
    return None if hasattr(model, "feature_names_in_") else ["a"]
