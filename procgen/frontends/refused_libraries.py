"""Classes of other libraries than scikit-learn that are not read, each with its reason."""

from __future__ import annotations

from procgen.frontends.registry import REFUSED

DASK = ("belongs to Dask, and its trees to a local model inside it", "compile model.to_local()")
WRAPPED = (
    "turns texts and numbers into columns of its own for a model of scikit-learn inside it",
    "train that model of scikit-learn itself",
)
DISCRETE = "statsmodels.discrete.discrete_model."
COUNTS = "statsmodels.discrete.count_model."
TRUNCATED = "statsmodels.discrete.truncated_model."
CLASSES = (
    "has a row of weights for each class, which is not read yet",
    "train scikit-learn's LogisticRegression",
)
TWO_PARTS = (
    "has a second model for zeros, limits or precision, which is not read yet",
    "use Poisson, NegativeBinomial or GLM",
)
NOT_READ = ("has parameters beside its weights, which are not read yet", "use Poisson or GLM")
GROUPS = (
    "has effects of groups or smooth terms, which are not read yet",
    "use OLS or GLM, or columns that SplineTransformer makes",
)

REFUSED.update(
    {
        **dict.fromkeys(
            (
                "lightgbm.dask.DaskLGBMClassifier",
                "lightgbm.dask.DaskLGBMRanker",
                "lightgbm.dask.DaskLGBMRegressor",
            ),
            DASK,
        ),
        "lightgbm.sklearn.LGBMModel": (
            "is the base of LightGBM's wrappers, which says not what it predicts",
            "use LGBMClassifier, LGBMRegressor or LGBMRanker, or its booster_",
        ),
        "xgboost.sklearn.XGBModel": (
            "is the base of XGBoost's wrappers, which says not what it predicts",
            "use XGBClassifier, XGBRegressor or XGBRanker, or its get_booster()",
        ),
        **dict.fromkeys(
            (
                "interpret.glassbox.ClassificationTree",
                "interpret.glassbox.LinearRegression",
                "interpret.glassbox.LogisticRegression",
                "interpret.glassbox.RegressionTree",
            ),
            WRAPPED,
        ),
        "interpret.glassbox.DecisionListClassifier": (
            "keeps its rules as a model of the package skope-rules, which is not read",
            "use DecisionTreeClassifier or ExplainableBoostingClassifier",
        ),
        **dict.fromkeys(
            (
                f"{DISCRETE}L1MultinomialResultsWrapper",
                f"{DISCRETE}MultinomialResultsWrapper",
                f"{DISCRETE}OrderedResultsWrapper",
                "statsmodels.genmod.generalized_estimating_equations.NominalGEEResultsWrapper",
                "statsmodels.genmod.generalized_estimating_equations.OrdinalGEEResultsWrapper",
                "statsmodels.miscmodels.ordinal_model.OrderedResultsWrapper",
            ),
            CLASSES,
        ),
        **dict.fromkeys(
            (
                f"{DISCRETE}CountResultsWrapper",
                f"{DISCRETE}GeneralizedPoissonResultsWrapper",
                f"{DISCRETE}L1CountResultsWrapper",
                f"{DISCRETE}L1GeneralizedPoissonResultsWrapper",
                f"{DISCRETE}L1NegativeBinomialResultsWrapper",
                f"{DISCRETE}NegativeBinomialPResultsWrapper",
            ),
            NOT_READ,
        ),
        **dict.fromkeys(
            (
                *(
                    f"{COUNTS}{start}ZeroInflated{kind}ResultsWrapper"
                    for start in ("", "L1")
                    for kind in ("GeneralizedPoisson", "NegativeBinomial", "Poisson")
                ),
                *(
                    f"{TRUNCATED}{start}{kind}ResultsWrapper"
                    for start in ("", "L1")
                    for kind in ("HurdleCount", "TruncatedLFGeneric")
                ),
                "statsmodels.othermod.betareg.BetaResultsWrapper",
            ),
            TWO_PARTS,
        ),
        **dict.fromkeys(
            (
                "statsmodels.discrete.conditional_models.ConditionalResultsWrapper",
                "statsmodels.gam.generalized_additive_model.GLMGamResultsWrapper",
                "statsmodels.genmod.generalized_estimating_equations.GEEResultsWrapper",
                "statsmodels.regression.mixed_linear_model.MixedLMResultsWrapper",
            ),
            GROUPS,
        ),
    }
)
