"""Writes the few HDF5 files of the corpus that no recipe spells out. Not needed to run the tests.

    pip install h5py==3.16.0 numpy==2.4.6
    python3 tests/corpus/make_files.py
"""

import pathlib

import h5py
import numpy as np

OUT = pathlib.Path(__file__).parent / "files"
LAMBDA = '{"class_name": "Lambda", "config": {"name": "l", "function": ["4wEAAAA=", null, null], "function_type": "lambda"}}'
MODEL = '{"class_name": "Sequential", "config": {"name": "s", "layers": [' + LAMBDA + "]}}"
PLAIN = '{"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": "Dense", "config": {"units": 2}}]}}'


def model(name, config, training=None):
    with h5py.File(OUT / name, "w", track_order=True) as file:
        file.attrs["keras_version"] = "2.12.0"
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = config
        if training:
            file.attrs["training_config"] = training
        file.create_group("model_weights").create_dataset("kernel", data=np.ones((2, 2), "f4"))


model("lambda.h5", MODEL)
model("tab.h5", MODEL.replace("{", "{\t", 1))
model("order.h5", '{"backend": "tensorflow", ' + MODEL[1:])
model("training.h5", PLAIN, '{"loss": {"class_name": "function", "config": "system", "module": "os"}, "metrics": []}')
PICKLE = b"cos\nsystem\n(S'id'\ntR."
with h5py.File(OUT / "pickled-attribute.h5", "w") as file:
    file.attrs["CLASS"], file.attrs["settings"] = np.bytes_(b"GROUP"), np.bytes_(PICKLE)
with h5py.File(OUT / "pickled-attribute-latest.h5", "w", libver="latest") as file:
    for n in range(12):
        file.attrs[f"a{n}"] = n
    file.attrs["settings"] = np.bytes_(PICKLE)
with h5py.File(OUT / "pickled-row.h5", "w") as file:
    rows = file.create_dataset("rows", (1,), dtype=h5py.vlen_dtype("u1"))
    rows.attrs["CLASS"], rows.attrs["PSEUDOATOM"] = np.bytes_(b"VLARRAY"), np.bytes_(b"object")
    rows[0] = np.frombuffer(PICKLE, "u1")
with h5py.File(OUT / "pickled-bytes.h5", "w") as file:
    file["object"] = np.void(b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.")
with h5py.File(OUT / "external-link.h5", "w") as file:
    file["w"] = h5py.ExternalLink("/etc/passwd", "/data")
with h5py.File(OUT / "external-data.h5", "w") as file:
    file.create_dataset("w", shape=(16,), dtype="u1", external=[("/etc/passwd", 0, 16)])
