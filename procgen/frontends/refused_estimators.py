"""Estimators that are not read, each with the reason that a user is told."""

from __future__ import annotations

from procgen.frontends.registry import REFUSED

NEIGHBOURS = (
    "looks up the nearest training rows, which the SQL would have to carry",
    "train a forest or a boosted model instead",
)
KERNELS = (
    "compares each row with training rows through a kernel",
    "train a linear model or trees instead",
)
LAYERS = ("is a neural network, which is not read yet", "train a boosted model instead")
CLUSTERS = ("labels its training rows and predicts no others", "use KMeans")
DENSITIES = (
    "needs the distance to fitted distributions, which is not read yet",
    "use KMeans, IsolationForest or QuadraticDiscriminantAnalysis",
)
REFUSED.update(
    {
        **dict.fromkeys(
            (
                "sklearn.neighbors.KNeighborsClassifier",
                "sklearn.neighbors.KNeighborsRegressor",
                "sklearn.neighbors.KernelDensity",
                "sklearn.neighbors.LocalOutlierFactor",
                "sklearn.neighbors.RadiusNeighborsClassifier",
                "sklearn.neighbors.RadiusNeighborsRegressor",
                "sklearn.semi_supervised.LabelPropagation",
                "sklearn.semi_supervised.LabelSpreading",
            ),
            NEIGHBOURS,
        ),
        **dict.fromkeys(
            (
                "sklearn.gaussian_process.GaussianProcessClassifier",
                "sklearn.gaussian_process.GaussianProcessRegressor",
                "sklearn.kernel_ridge.KernelRidge",
                "sklearn.svm.OneClassSVM",
            ),
            KERNELS,
        ),
        **dict.fromkeys(
            (
                "sklearn.neural_network.BernoulliRBM",
                "sklearn.neural_network.MLPClassifier",
                "sklearn.neural_network.MLPRegressor",
            ),
            LAYERS,
        ),
        **dict.fromkeys(
            (
                "sklearn.cluster.AgglomerativeClustering",
                "sklearn.cluster.DBSCAN",
                "sklearn.cluster.HDBSCAN",
                "sklearn.cluster.OPTICS",
                "sklearn.cluster.SpectralBiclustering",
                "sklearn.cluster.SpectralClustering",
                "sklearn.cluster.SpectralCoclustering",
            ),
            CLUSTERS,
        ),
        **dict.fromkeys(
            (
                "sklearn.covariance.EllipticEnvelope",
                "sklearn.mixture.BayesianGaussianMixture",
                "sklearn.mixture.GaussianMixture",
            ),
            DENSITIES,
        ),
        **dict.fromkeys(
            ("sklearn.cluster.AffinityPropagation", "sklearn.cluster.MeanShift"),
            (
                "compares distances that hold the square of the whole row, and rounds them in a way"
                " that has no stated bound",
                "use KMeans",
            ),
        ),
        "sklearn.cluster.Birch": (
            "keeps a tree of small clusters, as many as the training rows need",
            "use KMeans",
        ),
        "sklearn.cluster.BisectingKMeans": (
            "walks a tree of centres, which is not read yet",
            "use KMeans",
        ),
        "sklearn.ensemble.RandomTreesEmbedding": (
            "makes a column of every leaf of its trees, each of which would be a tree in the SQL",
            "use the trees themselves: RandomForestClassifier or RandomForestRegressor",
        ),
    }
)
