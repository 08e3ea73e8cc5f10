"""A small fitted model of interpret, statsmodels and glum of every link and option, by name."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import glum
import numpy as np
import pandas as pd
import statsmodels.api as sm
from imblearn.ensemble import (
    BalancedBaggingClassifier,
    BalancedRandomForestClassifier,
    EasyEnsembleClassifier,
    RUSBoostClassifier,
)
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline as make_imbalanced_pipeline
from interpret.glassbox import (
    ExplainableBoostingClassifier,
    ExplainableBoostingRegressor,
)
from interpret.privacy import DPExplainableBoostingClassifier, DPExplainableBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, NuSVC, NuSVR
from sklearn.tree import DecisionTreeClassifier

ROWS = 200
PLANS = ["basic", "pro", 'O\'Hara "x" \\ $$ %s :y', "ünï😀", ""]
SMALL = {"outer_bags": 2, "max_rounds": 30, "n_jobs": 1, "max_bins": 16, "max_interaction_bins": 6}
ZOO: dict[str, Callable[[], Any]] = {}


@cache
def fitted(name: str) -> Any:
    """Train the model of this name; once in a process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ZOO[name]()


@cache
def mixed() -> pd.DataFrame:
    """Numbers with holes, whole numbers, truths, and texts with holes."""
    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "dose": random.normal(size=ROWS).round(1),
            "rate": random.normal(size=ROWS) * 1e3,
            "plan": random.choice(PLANS, ROWS).astype(object),
            "level": random.integers(0, 4, ROWS),
            "active": random.random(ROWS) < 0.5,
        }
    )
    table.loc[random.random(ROWS) < 0.1, "rate"] = np.nan
    table.loc[random.random(ROWS) < 0.1, "plan"] = None
    return table


@cache
def score() -> np.ndarray:
    """What the models learn, as a number above zero."""
    table = mixed()
    noise = np.random.default_rng(1).random(ROWS)
    rate = table["rate"].fillna(0.0).to_numpy()
    return 4.0 + table["dose"].to_numpy() + rate / 1e3 + table["level"].to_numpy() * noise + noise


def three() -> np.ndarray:
    return np.array(["ham", "no'pe", "spam"], dtype=object)[np.digitize(score(), [4.5, 6.5])]


def boosted(target: Any, columns: Any = None, **options: Any) -> Any:
    """A boosting machine of interpret: a classifier unless the target is a float."""
    is_number = np.asarray(target).dtype == np.float64
    kind = ExplainableBoostingRegressor if is_number else ExplainableBoostingClassifier
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # missing values, and one class, are on purpose
        return kind(**SMALL, **options).fit(mixed() if columns is None else columns, target)


NOMINAL = ["continuous", "continuous", "nominal", "nominal", "nominal"]
ZOO |= {
    "ebm binary": lambda: boosted(score() > 5.5, interactions=3),
    "ebm nominal": lambda: boosted((score() > 5.5) + 1, interactions=4, feature_types=NOMINAL),
    "ebm three classes": lambda: boosted(three()),
    "ebm one class against the rest": lambda: boosted(three())._ovrize(),
    "ebm regression": lambda: boosted(score(), interactions=[(0, 1), (1, 2), (2, 3), (0, 1, 3)]),
    "ebm of numbers": lambda: boosted(score(), mixed()[["dose", "rate"]], interactions=1),
    "ebm poisson": lambda: boosted(np.abs(score()), objective="poisson_deviance"),
    "ebm in a pipeline": lambda: make_pipeline(
        StandardScaler(), boosted(score() > 5.5, mixed()[["dose", "level"]])
    ).fit(mixed()[["dose", "level"]], score() > 5.5),
}


def private(model: Any, target: Any) -> Any:
    """A boosting machine with noise, which is told the ranges of its columns."""
    table = mixed()[["dose", "level"]].astype(float)
    return model(
        outer_bags=1,
        max_rounds=20,
        max_bins=8,
        random_state=0,
        privacy_bounds=np.array([[-3.0, 3.0], [0.0, 3.0]]),
        **({"privacy_target_min": 2.0, "privacy_target_max": 9.0} if target.dtype == float else {}),
    ).fit(table, target)


ZOO |= {
    "ebm with privacy": lambda: private(DPExplainableBoostingClassifier, score() > 5.5),
    "ebm regression with privacy": lambda: private(DPExplainableBoostingRegressor, score()),
}


def numbers() -> pd.DataFrame:
    """Columns without holes."""
    return mixed()[["dose", "level"]].astype(float)


def rates() -> pd.DataFrame:
    return sm.add_constant(numbers())


def chance() -> np.ndarray:
    return (score() + np.random.default_rng(2).normal(size=ROWS) > 5.5).astype(float)


def glm(family: Any, target: Any, columns: Any = None) -> Any:
    return sm.GLM(target, rates() if columns is None else columns, family=family).fit()


FAMILIES = sm.families
ZOO |= {
    "sm ols": lambda: sm.OLS(score(), rates()).fit(),
    "sm ols without constant": lambda: sm.OLS(score(), numbers()).fit(),
    "sm ols of an array": lambda: sm.OLS(score(), rates().to_numpy()).fit(),
    "sm ols, constant last": lambda: sm.OLS(
        score(), sm.add_constant(numbers(), prepend=False) * [1.0, 1.0, 2.5]
    ).fit(),
    "sm ols, regularized": lambda: sm.OLS(score(), rates()).fit_regularized(alpha=0.1),
    "sm wls": lambda: sm.WLS(score(), rates(), weights=np.arange(1.0, ROWS + 1)).fit(),
    "sm gls": lambda: sm.GLS(score(), rates()).fit(),
    "sm quantile": lambda: sm.QuantReg(score(), rates()).fit(),
    "sm robust": lambda: sm.RLM(score(), rates()).fit(),
    "sm logit": lambda: sm.Logit(chance(), rates()).fit(disp=0),
    "sm logit, regularized": lambda: sm.Logit(chance(), rates()).fit_regularized(disp=0, alpha=1.0),
    "sm poisson": lambda: sm.Poisson(score().round().clip(0), rates()).fit(disp=0),
    "sm poisson, regularized": lambda: sm.Poisson(score().round().clip(0), rates()).fit_regularized(
        disp=0, alpha=1.0
    ),
    "sm negative binomial": lambda: sm.NegativeBinomial(score().round().clip(0), rates()).fit(
        disp=0, start_params=[1.0, 0.0, 0.0, 0.1]
    ),
    "sm glm gaussian": lambda: glm(FAMILIES.Gaussian(), score()),
    "sm glm binomial": lambda: glm(FAMILIES.Binomial(), chance()),
    "sm glm poisson": lambda: glm(FAMILIES.Poisson(), score().clip(0)),
    "sm glm poisson, root": lambda: glm(
        FAMILIES.Poisson(link=FAMILIES.links.Sqrt()), score().clip(0)
    ),
    "sm glm gamma": lambda: glm(
        FAMILIES.Gamma(), np.exp(score() / 10), rates()[["const", "level"]]
    ),
    "sm glm gamma, log": lambda: glm(
        FAMILIES.Gamma(link=FAMILIES.links.Log()), np.exp(score() / 10)
    ),
    "sm glm tweedie": lambda: glm(
        FAMILIES.Tweedie(var_power=1.5, link=FAMILIES.links.Log()), score().clip(0)
    ),
    "sm glm, regularized": lambda: sm.GLM(
        chance(), rates(), family=FAMILIES.Binomial()
    ).fit_regularized(alpha=0.01),
}


def penalized(target: Any, columns: Any = None, **options: Any) -> Any:
    """A generalized linear model of glum."""
    model = glum.GeneralizedLinearRegressor(alpha=0.01, **options)
    return model.fit(numbers() if columns is None else columns, target)


ZOO |= {
    "glum normal": lambda: penalized(score()),
    "glum poisson": lambda: penalized(score().clip(0), family="poisson"),
    "glum gamma": lambda: penalized(np.exp(score() / 10), family="gamma"),
    "glum tweedie": lambda: penalized(score().clip(0), family=glum.TweedieDistribution(1.5)),
    "glum power link": lambda: penalized(score(), link=glum.TweedieLink(0)),
    "glum binomial": lambda: penalized(chance(), family="binomial"),
    "glum without intercept": lambda: penalized(score(), fit_intercept=False),
    "glum of an array": lambda: penalized(score(), numbers().to_numpy()),
    "glum by search": lambda: glum.GeneralizedLinearRegressor(alpha_search=True).fit(
        numbers(), score()
    ),
    "glum by cross-validation": lambda: glum.GeneralizedLinearRegressorCV(
        family="poisson", n_alphas=5
    ).fit(numbers(), score().clip(0)),
    "glum in a pipeline": lambda: make_pipeline(StandardScaler(), penalized(score())).fit(
        numbers(), score()
    ),
}


def machine(model: Any, target: Any) -> Any:
    """A kernel machine of few rows, each of which may stand in the SQL."""
    return model.fit(numbers()[:16], target[:16])


ZOO |= {
    "kernel classifier": lambda: machine(SVC(), chance().astype(int)),
    "kernel classifier by share": lambda: machine(NuSVC(gamma=0.2), chance().astype(int)),
    "kernel regressor": lambda: machine(SVR(kernel="poly", degree=3), score()),
    "kernel regressor by share": lambda: machine(NuSVR(), score()),
    "balanced bagging": lambda: BalancedBaggingClassifier(
        DecisionTreeClassifier(max_depth=3, random_state=0), n_estimators=3, random_state=0
    ).fit(numbers(), three()),
    "balanced bagging of lines": lambda: BalancedBaggingClassifier(
        LogisticRegression(), n_estimators=3, random_state=0
    ).fit(numbers(), chance()),
    "balanced forest": lambda: BalancedRandomForestClassifier(
        4, max_depth=3, random_state=0, sampling_strategy="all", replacement=True, bootstrap=False
    ).fit(numbers(), three()),
    "easy ensemble": lambda: EasyEnsembleClassifier(2, random_state=0).fit(numbers(), chance()),
    "boosting of fewer rows": lambda: RUSBoostClassifier(n_estimators=4, random_state=0).fit(
        numbers(), three()
    ),
    "tree of an imbalanced pipeline": lambda: make_imbalanced_pipeline(
        StandardScaler(),
        RandomOverSampler(random_state=0),
        DecisionTreeClassifier(max_depth=4, random_state=0),
    ).fit(numbers(), three()),
}
