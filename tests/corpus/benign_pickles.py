"""Writes benign pickles of the usual libraries, for measuring false alarms. Not needed to run the tests.

    pip install numpy scipy scikit-learn pandas joblib xgboost lightgbm      (torch, pyarrow: used when installed)
    python3 tests/corpus/benign_pickles.py FOLDER
    weighbridge verify FOLDER --policy development --format json

No finding above `low` is expected on any of the files. Libraries that are not installed are left out.
"""

import collections
import datetime
import decimal
import fractions
import io
import ipaddress
import pathlib
import pickle
import sys
import uuid

OUT = pathlib.Path(sys.argv[1])
OUT.mkdir(parents=True, exist_ok=True)


def dump(name, value, protocols=(0, 2, 4, 5)):
    for protocol in protocols:
        try:
            data = pickle.dumps(value, protocol)
        except Exception as error:  # not every object can be written in every protocol
            print(name, protocol, error, file=sys.stderr)
            continue
        (OUT / f"{name}.p{protocol}.pkl").write_bytes(data)


def plain():
    Point = collections.namedtuple("Point", "x y")  # noqa: F841  only its fields travel
    dump("plain", {"a": [1, 2.5, None, True, "text", b"bytes", (1,), {1, 2}, frozenset([3])], "b": -(2**70)})
    dump("long", [2**1000, -1, 0, 255, 256, 65535, 65536, 2**31, -(2**31), 1e300, float("inf")])
    dump("dates", [datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc), datetime.date(2024, 1, 1),
                   datetime.timedelta(days=1), datetime.time(1, 2)])
    dump("numbers", [decimal.Decimal("1.5"), fractions.Fraction(1, 3), complex(1, 2), range(3), slice(1, 2)])
    dump("ids", [uuid.UUID(int=7), ipaddress.ip_address("127.0.0.1"), pathlib.PurePosixPath("a/b")])
    dump("paths", [pathlib.Path("a"), bytearray(b"abc")])
    dump("collections", [collections.OrderedDict(a=1), collections.deque([1, 2], 5), collections.Counter("abca"),
                         collections.defaultdict(list, {1: [2]}), collections.defaultdict(int)])
    dump("singletons", [NotImplemented, Ellipsis, type(None), int, str, dict])
    dump("unicode", ["é", "日本", "😀", "\ud800", "\n\\'\"", "a" * 300, "b" * 70000])
    dump("bytes", [b"", b"\x00\xff", b"a" * 300, b"c" * 70000])
    shared = [1]
    dump("shared", [shared, shared, {"x": shared}])
    cycle = []
    cycle.append(cycle)
    dump("cycle", cycle)
    dump("errors", [ValueError("x"), KeyError("y"), OSError(2, "none")])
    dump("many", {f"token{n}": n for n in range(5000)})
    dump("vocabulary", {word: n for n, word in enumerate(["__init__", "__setstate__", "os", "system", "eval", "import"])})
    dump("texts", ["cos\nsystem is a text.", "gASVb64 like", "deadbeefdeadbeefdeadbeef", "c" * 40, "Kdefghijklmnopqrst=="])
    with open(OUT / "several.pkl", "wb") as file:
        for n in range(30):
            pickle.dump({"n": n}, file)
    import random
    dump("random", random.Random(1))
    import re
    dump("regex", re.compile("a+", re.I))
    import array
    dump("array", array.array("d", [1, 2]))
    import enum, functools, operator, types
    dump("namespace", types.SimpleNamespace(a=1))
    dump("partial", functools.partial(int, base=2))


def numerical():
    import numpy as np

    arrays = {
        "f4": np.arange(10, dtype="f4"), "f8": np.ones((3, 4)), "i1": np.zeros(5, "i1"), "bool": np.array([True]),
        "complex": np.array([1j]), "text": np.array(["a", "bc"]), "bytes": np.array([b"x"]),
        "object": np.array([1, "a", None, [1]], dtype=object), "dates": np.array(["2024-01-01"], "M8[D]"),
        "structured": np.zeros(3, dtype=[("a", "i4"), ("b", "f8")]), "empty": np.zeros((0, 3)),
        "fortran": np.asfortranarray(np.ones((3, 3))), "big": np.zeros(100_000), "half": np.ones(3, "f2"),
        "swapped": np.ones(3, ">f4"), "matrix": np.matrix([[1]]), "masked": np.ma.masked_array([1, 2], [0, 1]),
        "recarray": np.rec.array([(1, 2.0)], dtype=[("x", "i4"), ("y", "f8")]),
        "objstruct": np.zeros(2, dtype=[("a", "O"), ("b", "f8")]),
    }
    for name, value in arrays.items():
        dump(f"np_{name}", value)
    dump("np_all", arrays)
    dump("np_scalars", [np.float32(1), np.int64(2), np.bool_(True), np.str_("x"), np.datetime64("2024-01-01"), np.float64(3)])
    dump("np_types", [np.dtype("f4"), np.float32, np.ndarray, np.dtype([("a", "O")])])
    dump("np_random", [np.random.RandomState(0), np.random.default_rng(0), np.random.Generator(np.random.MT19937(1)),
                       np.random.Generator(np.random.Philox(1)), np.random.Generator(np.random.SFC64(1)),
                       np.random.SeedSequence(3)])
    dump("np_functions", [np.log1p, np.exp, np.mean, np.add])
    dump("np_poly", [np.poly1d([1, 2]), np.polynomial.Polynomial([1, 2])])
    np.save(OUT / "object.npy", arrays["object"], allow_pickle=True)
    np.save(OUT / "plain.npy", arrays["f8"])
    np.save(OUT / "structured.npy", arrays["structured"])
    np.savez(OUT / "several.npz", a=arrays["f4"], b=arrays["object"])
    np.savez_compressed(OUT / "packed.npz", a=arrays["big"])

    from scipy import sparse, stats, interpolate, spatial
    for form in ["csr", "csc", "coo", "lil", "dok", "bsr", "dia"]:
        dump(f"sparse_{form}", sparse.random(5, 5, 0.5, format=form))
        dump(f"sparse_{form}_array", getattr(sparse, f"{form}_array")(np.eye(3)))
    dump("scipy", [interpolate.interp1d([1, 2], [3, 4]), spatial.KDTree([[1, 2], [3, 4]])])
    dump("scipy_stats", [stats.norm(0, 1), stats.uniform(), stats.randint(1, 3)])


def learning():
    import numpy as np
    import sklearn
    import joblib
    import warnings
    from sklearn.utils import all_estimators
    from sklearn.datasets import make_classification

    warnings.simplefilter("ignore")
    x, y = make_classification(60, 6, random_state=0)
    x = np.abs(x)
    for name, kind in all_estimators():
        try:
            estimator = kind()
        except Exception:
            continue
        for target in (y, y.astype(float), np.c_[y, y], None):
            try:
                estimator.fit(x, target)
                break
            except Exception:
                continue
        try:
            dump(f"sk_{name}", estimator, (2, 4))
            joblib.dump(estimator, OUT / f"sk_{name}.joblib")
        except Exception as error:
            print(name, error, file=sys.stderr)
    from sklearn.pipeline import make_pipeline, FeatureUnion
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import FunctionTransformer, StandardScaler, OneHotEncoder
    from sklearn.linear_model import LogisticRegression, SGDClassifier
    from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, KFold
    from sklearn.ensemble import RandomForestClassifier, HistGradientBoostingClassifier, StackingClassifier, VotingClassifier
    from sklearn.feature_extraction.text import TfidfVectorizer, CountVectorizer, HashingVectorizer
    from sklearn.gaussian_process import GaussianProcessClassifier
    from sklearn.gaussian_process.kernels import RBF, Matern, WhiteKernel
    from sklearn.metrics import make_scorer, f1_score
    from sklearn.neighbors import KDTree, BallTree, KNeighborsClassifier
    from sklearn.utils import Bunch
    from sklearn.calibration import CalibratedClassifierCV
    models = {
        "pipeline": make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y),
        "columns": ColumnTransformer([("a", StandardScaler(), [0, 1]), ("b", OneHotEncoder(), [2])]).fit(np.round(x)),
        "function": FunctionTransformer(np.log1p).fit(x),
        "grid": GridSearchCV(LogisticRegression(), {"C": [1, 2]}, cv=KFold(2), scoring="f1").fit(x, y),
        "grid_scorer": GridSearchCV(LogisticRegression(), {"C": [1]}, scoring=make_scorer(f1_score)).fit(x, y),
        "forest": RandomForestClassifier(5).fit(x, y),
        "hist": HistGradientBoostingClassifier(max_iter=5).fit(x, y),
        "stack": StackingClassifier([("a", LogisticRegression()), ("b", SGDClassifier())]).fit(x, y),
        "vote": VotingClassifier([("a", LogisticRegression())]).fit(x, y),
        "tfidf": TfidfVectorizer().fit(["a text here", "another text there"]),
        "count": CountVectorizer(stop_words="english").fit(["a text here", "another there"]),
        "gp": GaussianProcessClassifier(RBF() + Matern() * WhiteKernel()).fit(x, y),
        "trees": [KDTree(x), BallTree(x)],
        "bunch": Bunch(a=1, b=x),
        "calibrated": CalibratedClassifierCV(LogisticRegression()).fit(x, y),
        "union": FeatureUnion([("a", StandardScaler())]).fit(x),
    }
    for name, model in models.items():
        dump(f"skm_{name}", model)
        joblib.dump(model, OUT / f"skm_{name}.joblib")
        for level in ["zlib", "gzip", "bz2", "lzma", "xz"]:
            joblib.dump(model, OUT / f"skm_{name}.{level}.joblib", compress=(level, 3))
    joblib.dump({"a": x, "o": np.array([1, "a"], dtype=object), "l": [x, y]}, OUT / "arrays.joblib")
    joblib.dump([np.ones((3, 3), order="F"), np.zeros(0), np.array("x")], OUT / "arrays2.joblib")


def frames():
    import pandas as pd
    import numpy as np
    import joblib

    frame = pd.DataFrame({
        "i": [1, 2], "f": [1.0, None], "s": ["a", "b"], "d": pd.to_datetime(["2024-01-01", None]),
        "c": pd.Categorical(["x", "y"]), "b": [True, False], "td": pd.to_timedelta([1, 2], "D"),
        "tz": pd.to_datetime(["2024-01-01", "2024-01-02"]).tz_localize("UTC"), "ni": pd.array([1, None], dtype="Int64"),
        "nb": pd.array([True, None], dtype="boolean"), "nf": pd.array([1.5, None], dtype="Float64"),
        "p": pd.period_range("2024-01", periods=2, freq="M"), "iv": pd.interval_range(0, 2),
        "st": pd.array(["a", None], dtype="string"), "o": [[1], {"a": 2}],
    })
    dump("pd_frame", frame)
    for column in frame:
        dump(f"pd_{column}", frame[column])
    dump("pd_multi", frame.set_index(["i", "s"]))
    dump("pd_index", [pd.Index([1, 2]), pd.RangeIndex(3), pd.date_range("2024", periods=3), pd.MultiIndex.from_tuples([(1, 2)]),
                      pd.CategoricalIndex(["a"]), pd.interval_range(0, 3), pd.timedelta_range("1D", periods=2),
                      pd.period_range("2024-01", periods=2, freq="D")])
    dump("pd_scalars", [pd.Timestamp("2024-01-01"), pd.Timestamp("2024-01-01", tz="Europe/Berlin"), pd.Timedelta("1D"),
                        pd.NaT, pd.NA, pd.Period("2024-01", "M"), pd.Interval(0, 1)])
    dump("pd_offsets", [pd.offsets.MonthEnd(2), pd.offsets.BDay(), pd.offsets.Week(weekday=1), pd.offsets.Hour(3)])
    dump("pd_sparse", pd.Series(pd.arrays.SparseArray([0, 0, 1])))
    joblib.dump(frame, OUT / "pd_frame.joblib")
    frame.to_pickle(OUT / "pd_topickle.pkl")


def boosting():
    import numpy as np
    x, y = np.random.RandomState(0).rand(50, 4), np.arange(50) % 2
    import xgboost
    dump("xgb", xgboost.XGBClassifier(n_estimators=3).fit(x, y))
    dump("xgb_booster", xgboost.XGBRegressor(n_estimators=3).fit(x, y).get_booster())
    import lightgbm
    dump("lgb", lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(x, y))
    dump("lgb_booster", lightgbm.LGBMRegressor(n_estimators=3, verbose=-1).fit(x, y).booster_)


def neural():
    import torch
    from torch import nn

    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.BatchNorm1d(8), nn.Dropout(), nn.Linear(8, 2), nn.GELU())
    encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2), 1)
    optimizer = torch.optim.AdamW(model.parameters())
    conv = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(2), nn.Flatten(), nn.LSTM(4, 2), nn.Embedding(3, 2), nn.LayerNorm(2))
    things = {
        "state": model.state_dict(), "module": model, "encoder": encoder, "conv": conv,
        "checkpoint": {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 1, "args": {"lr": 0.1}},
        "tensors": [torch.ones(3), torch.zeros(2, dtype=torch.bfloat16), torch.arange(5), torch.tensor([True]),
                    torch.ones(2, 2).to_sparse(), torch.tensor(1 + 2j), torch.nn.Parameter(torch.ones(2))],
        "types": [torch.float32, torch.Size([1, 2]), torch.device("cpu"), torch.strided],
        "scheduler": torch.optim.lr_scheduler.StepLR(optimizer, 2).state_dict(), "optimizer": optimizer,
        "quantized": torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
        "generator": torch.get_rng_state(),
    }
    for name, value in things.items():
        torch.save(value, OUT / f"torch_{name}.pt")
        torch.save(value, OUT / f"torch_{name}_legacy.pt", _use_new_zipfile_serialization=False)
        dump(f"torch_{name}", value, (2, 4))
    torch.jit.script(model).save(OUT / "torch_script.pt")


def standard():
    import argparse
    import difflib
    import logging
    import operator
    import os
    import typing
    import urllib.parse

    dump("std_namespace", argparse.Namespace(lr=0.1, path=pathlib.Path("x")))
    dump("std_functions", [len, max, sorted, operator.itemgetter(1), iter([1]), zip([1], [2]), enumerate([1])])
    dump("std_results", [urllib.parse.urlparse("http://a/b"), os.stat("."), difflib.Match(0, 1, 2)])
    dump("std_typing", [typing.List[int], typing.Optional[int], typing.Callable, list[int], typing.Literal["a"]])
    dump("std_logging", [logging.getLogger("x"), logging.Formatter("%(message)s")])
    dump("std_io", [io.BytesIO(b"abc"), io.StringIO("abc")])


def instances():
    """Instances of classes of libraries around the usual ones; each is left out if its library is not installed."""
    import importlib

    import numpy as np

    rows = np.random.default_rng(0).normal(size=(20, 2))
    label = (rows[:, 0] > 0).astype(int)

    def one(name, module, make):
        try:
            dump(f"lib_{name}", make(importlib.import_module(module)), (4,))
        except ImportError as error:
            print(name, "left out:", error, file=sys.stderr)

    one("kde", "scipy.stats", lambda m: m.gaussian_kde(rows.T))
    one("distributions", "scipy.stats", lambda m: [m.norm(), m.gamma(2.0), m.rv_histogram(np.histogram(rows[:, 0], 3))])
    one("optimum", "scipy.optimize", lambda m: m.minimize(lambda x: (x**2).sum(), np.ones(2)))
    one("rotation", "scipy.spatial.transform", lambda m: m.Rotation.from_rotvec(np.eye(3)))
    one("interpolators", "scipy.interpolate", lambda m: [m.Rbf([0, 1], [0, 1]), m.CubicSpline([0, 1, 2], [0, 1, 4])])
    one("selector", "sklearn.compose", lambda m: m.make_column_selector(dtype_include=np.number))
    one("callbacks", "xgboost.callback", lambda m: [m.EarlyStopping(3), m.LearningRateScheduler(np.sqrt)])
    one("smote", "imblearn.over_sampling", lambda m: m.SMOTE())
    one("encoder", "category_encoders", lambda m: m.TargetEncoder(cols=[0]))
    one("hmm", "hmmlearn.hmm", lambda m: m.GaussianHMM(2))
    one("dictionary", "gensim.corpora", lambda m: m.Dictionary([["a", "b"]]))
    one("phrases", "gensim.models", lambda m: m.Phrases([["a", "b"]]))
    one("frequencies", "nltk", lambda m: [m.FreqDist("abc"), m.Tree("S", ["a"]), m.DefaultTagger("N")])
    one("spaces", "gymnasium.spaces", lambda m: m.Dict(a=m.Discrete(2), b=m.Box(0, 1, (2,))))
    one("pruners", "optuna.pruners", lambda m: [m.MedianPruner(), m.HyperbandPruner()])
    one("graph", "networkx", lambda m: m.path_graph(3))
    one("formula", "statsmodels.formula.api", lambda m: m.ols("y ~ a + I(b**2)", {"y": label, "a": rows[:, 0], "b": rows[:, 1]}).fit())
    one("dill", "dill", lambda m: m.dumps([np.arange(3), int, type(None)]))
    one("slices", "dill", lambda m: m.dumps([slice(0, 1), range(3), bytearray(b"abc"), Ellipsis]))
    one("regression", "scipy.stats", lambda m: m.linregress([0, 1, 2], [0, 1, 2.5]))
    one("sorted", "sortedcontainers", lambda m: [m.SortedDict(a=1), m.SortedList([1])])
    one("dates", "pendulum", lambda m: m.datetime(2024, 1, 1))
    one("symbols", "sympy", lambda m: m.Symbol("x") ** 2 + m.sin(1))
    one("mapped", "numpy", lambda m: m.memmap(OUT / "mapped.tmp", "f4", "w+", shape=(3,)))
    (OUT / "mapped.tmp").unlink(missing_ok=True)
    one("methods", "sklearn.preprocessing", lambda m: m.FunctionTransformer(str.lower))
    one("polygon", "shapely", lambda m: m.Point(1, 2))
    import joblib
    import ml_dtypes

    joblib.dump([np.zeros(3, ml_dtypes.bfloat16), rows], OUT / "lib_bfloat16.joblib")


for part in [plain, standard, instances, numerical, learning, frames, boosting, neural]:
    try:
        part()
    except ImportError as error:
        print(part.__name__, "left out:", error, file=sys.stderr)
print(len(list(OUT.iterdir())), "files")
