"""Transformers that are not read, each with the reason that a user is told."""

from __future__ import annotations

from procgen.frontends.registry import REFUSED

NEIGHBOURS = "looks up the nearest training rows, which the SQL would have to carry"
TEXTS = "splits texts into words, and no database does it as Python's regular expressions do"
TARGETS = "encodes targets, and a pipeline hands it none when it predicts"
IMPUTE = "impute with SimpleImputer"
PROJECT = "use PCA or TruncatedSVD"
KERNEL_SPACE = "compares each row with training rows through a kernel"
COSINES = "takes sines and cosines, whose last bits NumPy and the databases round apart"
SOLVES = "solves a problem of its own for every row, step by step until it is near enough"
PLACES = "places its training rows and no others"
COVARIANCES = "estimates a covariance, and neither scores rows nor makes columns"

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
        "sklearn.feature_extraction.image.PatchExtractor": (
            "cuts images into patches, and a table has numbers",
            "make the columns beforehand",
        ),
        **dict.fromkeys(
            (
                "sklearn.decomposition.DictionaryLearning",
                "sklearn.decomposition.LatentDirichletAllocation",
                "sklearn.decomposition.MiniBatchDictionaryLearning",
                "sklearn.decomposition.MiniBatchNMF",
                "sklearn.decomposition.NMF",
                "sklearn.decomposition.SparseCoder",
            ),
            (SOLVES, PROJECT),
        ),
        **dict.fromkeys(
            ("sklearn.decomposition.MiniBatchSparsePCA", "sklearn.decomposition.SparsePCA"),
            (
                "solves a system of equations for every row, whose rounding has no stated bound",
                PROJECT,
            ),
        ),
        **dict.fromkeys(
            ("sklearn.decomposition.KernelPCA", "sklearn.kernel_approximation.Nystroem"),
            (KERNEL_SPACE, PROJECT),
        ),
        **dict.fromkeys(
            (
                "sklearn.kernel_approximation.AdditiveChi2Sampler",
                "sklearn.kernel_approximation.RBFSampler",
                "sklearn.kernel_approximation.SkewedChi2Sampler",
            ),
            (COSINES, "use SplineTransformer, or a model that needs no such columns"),
        ),
        "sklearn.kernel_approximation.PolynomialCountSketch": (
            "multiplies Fourier transforms, which databases do not have",
            "use PolynomialFeatures",
        ),
        **dict.fromkeys(
            (
                "sklearn.manifold.Isomap",
                "sklearn.manifold.LocallyLinearEmbedding",
                "sklearn.neighbors.KNeighborsTransformer",
                "sklearn.neighbors.NearestNeighbors",
                "sklearn.neighbors.RadiusNeighborsTransformer",
            ),
            (NEIGHBOURS, PROJECT),
        ),
        **dict.fromkeys(
            (
                "sklearn.manifold.ClassicalMDS",
                "sklearn.manifold.MDS",
                "sklearn.manifold.SpectralEmbedding",
                "sklearn.manifold.TSNE",
            ),
            (PLACES, PROJECT),
        ),
        **dict.fromkeys(
            (
                "sklearn.covariance.EmpiricalCovariance",
                "sklearn.covariance.GraphicalLasso",
                "sklearn.covariance.GraphicalLassoCV",
                "sklearn.covariance.LedoitWolf",
                "sklearn.covariance.MinCovDet",
                "sklearn.covariance.OAS",
                "sklearn.covariance.ShrunkCovariance",
            ),
            (COVARIANCES, "there is nothing to put into SQL"),
        ),
        "sklearn.cross_decomposition.PLSSVD": (
            "answers a pair of tables when it is trained, so that no pipeline can hold it",
            "use PLSRegression as the model, or PCA before one",
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
