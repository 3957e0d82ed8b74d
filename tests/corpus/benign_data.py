"""Writes small files of data beside models, as their libraries write them, into `tests/corpus/benign`. Not needed to run
the tests.

    pip install numpy scipy pandas pyarrow pillow msgpack xgboost==3.2.0 catboost==1.2.10 tokenizers==0.23.3
    pip install fasttext-wheel==0.9.2 hnswlib==0.8.0 faiss-cpu==1.15.1 sklearn-crfsuite==0.5.0 coremltools==9.0
    python3 tests/corpus/benign_data.py FOLDER

Libraries that are not installed are left out.
"""

import json
import pathlib
import sys

import numpy as np

OUT = pathlib.Path(sys.argv[1])
OUT.mkdir(parents=True, exist_ok=True)
X = np.random.RandomState(0).rand(20, 3).astype("f4")


def words():
    import fasttext
    text = OUT / "words.tmp"
    text.write_text("__label__a hello world text\n__label__b other words here\n" * 20)
    model = fasttext.train_supervised(str(text), dim=4, minCount=1, bucket=20, wordNgrams=2, verbose=0, thread=1)
    model.save_model(str(OUT / "lid.bin"))
    text.unlink()
    vectors = b"".join(word.encode() + b" " + np.ones(4, "<f4").tobytes() + b"\n" for word in ["the", "of", "über"])
    (OUT / "word2vec.bin").write_bytes(b"3 4\n" + vectors)


def neighbours():
    import faiss
    import hnswlib
    index = faiss.IndexFlatL2(3)
    index.add(X)
    faiss.write_index(index, str(OUT / "flat.faiss"))
    graph = hnswlib.Index("l2", 3)
    graph.init_index(20, M=4)
    graph.add_items(X)
    graph.save_index(str(OUT / "hnsw.bin"))


def labels():
    import sklearn_crfsuite
    model = sklearn_crfsuite.CRF(max_iterations=2, model_filename=str(OUT / "labels.crfsuite"))
    model.fit([[{"w": "a"}, {"w": "b"}]] * 3, [["X", "Y"]] * 3)


def tables():
    import pandas
    import pyarrow
    from pyarrow import orc
    from scipy import io
    frame = pandas.DataFrame({"a": [1, 2], "s": ["x", "y"]})
    frame.to_stata(OUT / "old.dta")
    frame.to_stata(OUT / "new.dta", version=118)
    orc.write_table(pyarrow.table({"a": [1, 2]}), OUT / "rows.orc")
    io.savemat(OUT / "matrix.mat", {"a": np.ones((3, 3)), "s": "text"})
    io.savemat(OUT / "old.mat", {"a": np.ones((3, 3))}, format="4")


def pictures():
    from PIL import Image
    image = Image.fromarray((X[:9, :].reshape(3, 3, 3) * 255).astype("uint8"))
    for ending in ["bmp", "ico", "tiff", "ppm", "pdf"]:
        image.save(OUT / f"picture.{ending}")


def trees():
    import xgboost
    data = xgboost.DMatrix(X, label=np.stack([X[:, 0], X[:, 1]], 1))
    several = {"multi_strategy": "multi_output_tree", "tree_method": "hist", "max_depth": 2}
    xgboost.train(several, data, 1).save_model(OUT / "several-targets.json")
    import catboost
    model = catboost.CatBoostClassifier(iterations=1, depth=2, verbose=0, allow_writing_files=False, border_count=8)
    model.fit(X, np.arange(20) % 2).save_model(str(OUT / "catboost.json"), format="json")


def vocabularies():
    from tokenizers import Tokenizer, models, trainers
    for name, model, trainer in [
        ("bpe", models.BPE(), trainers.BpeTrainer(vocab_size=30)),
        ("unigram", models.Unigram(), trainers.UnigramTrainer(vocab_size=20, special_tokens=["<unk>"], unk_token="<unk>")),
    ]:
        tokenizer = Tokenizer(model)
        tokenizer.train_from_iterator(["hello world", "another text"] * 3, trainer)
        tokenizer.save(str(OUT / f"{name}-tokenizer.json"))


def packages():
    from coremltools.models import datatypes, utils
    from coremltools.models.neural_network import NeuralNetworkBuilder
    network = NeuralNetworkBuilder([("i", datatypes.Array(3))], [("o", datatypes.Array(2))])
    network.add_inner_product("ip", np.ones((2, 3)), np.ones(2), 3, 2, True, "i", "o")
    utils.save_spec(network.spec, str(OUT / "network.mlmodel"))


def texts():
    import msgpack
    (OUT / "readme.rst").write_bytes("Un modèle entraîné à Zürich\n".encode("latin-1"))
    (OUT / "labels.txt").write_bytes("模型\n中文\n".encode("gbk"))
    (OUT / "model").write_bytes(msgpack.packb({"nodes": [{"index": 0, "dims": {"nI": None}}], "attrs": [{}], "shims": [[]]}))
    (OUT / "key2row").write_bytes(msgpack.packb({5: 1, 2**64 - 1: 0}))
    blocks = {"_class_name": "UNet2DConditionModel", "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"]}
    (OUT / "unet-config.json").write_text(json.dumps(blocks))
    (OUT / "dictionary.json").write_text('{"word": "x", "word": "y"}')


def systems():
    import plistlib
    import subprocess
    import tarfile
    import zipfile
    (OUT / "settings.plist").write_bytes(plistlib.dumps({"a": 1}, fmt=plistlib.FMT_BINARY))
    (OUT / "labels-idx1-ubyte").write_bytes(b"\0\0\x08\x01" + (3).to_bytes(4, "big") + bytes([1, 2, 3]))
    (OUT / "wide.csv").write_text("a,b\n1,ü\n", encoding="utf-16")
    with zipfile.ZipFile(OUT / "folders.zip", "w") as archive:
        archive.writestr("d/", b"", zipfile.ZIP_DEFLATED)
        archive.writestr("d/a.txt", "text", zipfile.ZIP_DEFLATED)
    member = pathlib.Path(__file__).parent / "benign"
    subprocess.run(["tar", "--format=v7", "-cf", OUT / "v7.tar", "-C", member, "ok-storage.pt"], check=True)
    with tarfile.open(OUT / "distributed.tar.gz", "w:gz") as archive:
        archive.add(member / "__0_0.distcp", "step/__0_0.distcp")


def sky():
    from astropy.io import fits
    fits.PrimaryHDU(np.ones((2, 2), "f4")).writeto(OUT / "sky.fits", overwrite=True)


def chunks():
    import zarr
    with zarr.storage.ZipStore(OUT / "grid.zarr.zip", mode="w") as store:
        zarr.create_array(store, name="x", data=np.arange(8.0))


for part in [words, neighbours, labels, tables, pictures, trees, vocabularies, packages, texts, systems, sky, chunks]:
    try:
        part()
    except ImportError as error:
        print(part.__name__, "left out:", error, file=sys.stderr)
print(len(list(OUT.iterdir())), "files")
