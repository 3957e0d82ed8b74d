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
with h5py.File(OUT / "external-link.h5", "w") as file:
    file["w"] = h5py.ExternalLink("/etc/passwd", "/data")
with h5py.File(OUT / "external-data.h5", "w") as file:
    file.create_dataset("w", shape=(16,), dtype="u1", external=[("/etc/passwd", 0, 16)])
