"""Writes small benign files of the usual libraries: what `tests/corpus/benign` was made with. Not needed to run the tests.

    pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 pandas==3.1.1 joblib==1.6.0 xgboost==3.2.0 lightgbm==4.7.0
    pip install tables==3.11.1 keras==3.15.1 jax safetensors h5py==3.16.0 onnx==1.23.2 gguf==0.19.0 skops transformers tokenizers torch
    pip install onnxruntime tensorflow-cpu==2.21.0 tf_keras
    python3 tests/corpus/benign_formats.py FOLDER

Libraries that are not installed are left out; benign_pickles.py writes the pickles.
"""

import json
import pathlib
import sys

import numpy as np

OUT = pathlib.Path(sys.argv[1])
OUT.mkdir(parents=True, exist_ok=True)
X = np.random.RandomState(0).rand(20, 3)
Y = np.arange(20) % 2


def arrays():
    kinds = {"f4": "<f4", "f8": "<f8", "f2": "<f2", "i8": "<i8", "u1": "u1", "big": ">f4", "c8": "<c8", "bool": "?", "text": "<U3"}
    for name, kind in kinds.items():
        np.save(OUT / f"array-{name}.npy", np.zeros((2, 3), kind))
    np.save(OUT / "array-fortran.npy", np.asfortranarray(np.ones((2, 3))))
    np.save(OUT / "array-scalar.npy", np.array(1.5))
    np.save(OUT / "array-empty.npy", np.zeros((0, 3)))
    np.save(OUT / "array-fields.npy", np.zeros(2, [("a", "i4"), ("b", "f8", (2,))]))
    np.save(OUT / "array-object.npy", np.array([1, "a", None], dtype=object), allow_pickle=True)
    np.savez(OUT / "arrays.npz", a=np.ones(3), b=np.zeros((2, 2)))
    np.savez_compressed(OUT / "arrays-packed.npz", a=np.ones(300), b=np.zeros((2, 2)))
    from scipy import sparse
    sparse.save_npz(OUT / "sparse.npz", sparse.eye(3, format="csr"))


def tensors():
    from safetensors.numpy import save_file
    save_file({"a": np.ones((2, 2), "f4"), "b": np.zeros(3, "i8")}, OUT / "plain.safetensors")
    save_file({"a": np.ones((2, 2), "f2")}, OUT / "metadata.safetensors", metadata={"format": "pt", "note": "ü"})
    save_file({}, OUT / "none.safetensors")
    save_file({"empty": np.zeros((0, 4), "f4"), "scalar": np.array(1.5, "f4")}, OUT / "odd-shapes.safetensors")
    save_file({f"layers.{n}.weight": np.ones((4, 4), "f4") for n in range(20)}, OUT / "many.safetensors")


def graphs():
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)  # noqa: E731
    weight = numpy_helper.from_array(np.ones((3, 2), "f4"), "w")
    plain = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [value("x", [1, 3])], [value("y", [1, 2])], [weight])
    onnx.save(helper.make_model(plain, producer_name="corpus"), OUT / "plain.onnx")
    onnx.save(helper.make_model(plain, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]), OUT / "two-opsets.onnx")
    then = helper.make_graph([helper.make_node("Identity", ["x"], ["z"])], "t", [], [value("z", [1])])
    other = helper.make_graph([helper.make_node("Neg", ["x"], ["z"])], "o", [], [value("z", [1])])
    branch = helper.make_graph([helper.make_node("If", ["c"], ["y"], then_branch=then, else_branch=other)], "g",
                               [helper.make_tensor_value_info("c", TensorProto.BOOL, []), value("x", [1])], [value("y", [1])])
    onnx.save(helper.make_model(branch), OUT / "branch.onnx")
    own = helper.make_function("own", "F", ["a"], ["b"], [helper.make_node("Relu", ["a"], ["b"])], [helper.make_opsetid("", 17)])
    call = helper.make_graph([helper.make_node("F", ["x"], ["y"], domain="own")], "g", [value("x", [1])], [value("y", [1])])
    onnx.save(helper.make_model(call, functions=[own], opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]), OUT / "function.onnx")
    kinds = [np.float32, np.float64, np.float16, np.int8, np.int64, np.uint8, np.bool_]
    many = [numpy_helper.from_array(np.zeros((2, 2), kind), f"w{n}") for n, kind in enumerate(kinds)]
    types = helper.make_graph([helper.make_node("Identity", ["w0"], ["y"])], "g", [], [value("y", [2, 2])], many)
    model = helper.make_model(types)
    helper.set_model_props(model, {"author": "somebody"})
    onnx.save(model, OUT / "types.onnx")
    quant = helper.make_graph([helper.make_node("QLinearX", ["x"], ["y"], domain="com.microsoft")], "g", [value("x", [1])], [value("y", [1])])
    onnx.save(helper.make_model(quant, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]), OUT / "microsoft.onnx")


def quantised():
    import gguf
    template = "{% for m in messages %}{{ '<|' + m['role'] + '|>' + m['content'] }}{% endfor %}"
    for name, kind in {"f32": np.float32, "f16": np.float16, "i8": np.int8}.items():
        writer = gguf.GGUFWriter(OUT / f"{name}.gguf", "llama")
        writer.add_block_count(1)
        writer.add_tensor("blk.0.attn_q.weight", np.ones((4, 32), kind))
        finish(writer)
    writer = gguf.GGUFWriter(OUT / "tokens.gguf", "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(["a", "b", "<s>", "ü"])
    writer.add_token_scores([0.0, 1.0, 2.0, 3.0])
    writer.add_token_types([1, 1, 3, 1])
    writer.add_chat_template(template)
    finish(writer)
    writer = gguf.GGUFWriter(OUT / "q8.gguf", "llama")
    writer.add_tensor("w", gguf.quants.quantize(np.ones((4, 32), "f4"), gguf.GGMLQuantizationType.Q8_0), raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    finish(writer)
    writer = gguf.GGUFWriter(OUT / "aligned.gguf", "llama")
    writer.add_custom_alignment(64)
    writer.add_tensor("w", np.ones(16, "f4"))
    writer.add_tensor("v", np.ones(16, "f4"))
    finish(writer)


def finish(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def keras():
    import h5py
    import io
    import zipfile
    dense = {"module": "keras.layers", "class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "relu",
             "kernel_initializer": {"module": "keras.initializers", "class_name": "GlorotUniform", "config": {"seed": None}, "registered_name": None}}, "registered_name": None}
    model = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [dense]}, "registered_name": "Sequential",
             "compile_config": {"optimizer": {"module": "keras.optimizers", "class_name": "Adam", "config": {"learning_rate": 0.001}}, "loss": "mse"}}
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file.create_group("layers/dense/vars").create_dataset("0", data=np.ones((3, 2), "f4"))
    with zipfile.ZipFile(OUT / "model.keras", "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.5.0", "date_saved": "2024-01-01@00:00:00"}))
        archive.writestr("config.json", json.dumps(model))
        archive.writestr("model.weights.h5", weights.getvalue())
    (OUT / "model.weights.h5").write_bytes(weights.getvalue())
    old = {"class_name": "Sequential", "config": {"name": "s", "layers": [{"class_name": "Dense", "config": {"units": 2}}]}}
    with h5py.File(OUT / "keras2.h5", "w") as file:
        file.attrs["keras_version"], file.attrs["backend"], file.attrs["model_config"] = "2.12.0", "tensorflow", json.dumps(old)
        file.attrs["training_config"] = json.dumps({"loss": "mse", "metrics": ["mae"], "optimizer_config": {"class_name": "Adam", "config": {"learning_rate": 0.001}}})
        file.create_dataset("model_weights/d/kernel:0", data=np.ones((3, 2), "f4"))
    with h5py.File(OUT / "chunks.h5", "w") as file:
        file.create_dataset("w", data=np.zeros((64, 4), "f4"), chunks=(16, 4), compression="gzip")
        file["alias"] = h5py.SoftLink("/w")
    (OUT / "architecture.json").write_text(json.dumps({**old, "keras_version": "2.12.0", "backend": "tensorflow"}))


def hierarchies():
    import h5py
    with h5py.File(OUT / "latest.h5", "w", libver="latest") as file:
        for n in range(12):
            file.attrs[f"a{n}"], file[f"d{n}"] = n, h5py.SoftLink("/w")
        file.create_dataset("w", data=np.zeros((8, 4), "f4"), chunks=(2, 4), maxshape=(None, 4))
        file.create_dataset("f", data=np.zeros((8, 4), "f4"), chunks=(2, 4), compression="gzip", shuffle=True, fletcher32=True)
        file.create_dataset("t", data=["alpha", "", "beta"], dtype=h5py.string_dtype())
    with h5py.File(OUT / "types.h5", "w", userblock_size=512) as file:
        file["e"] = np.array([0, 1], "i1").astype(h5py.enum_dtype({"R": 0, "G": 1}, basetype="i1"))
        file["c"] = np.array([(1, 2.5, b"x", (1, 2))], dtype=[("a", "i4"), ("b", "f8"), ("c", "S3"), ("d", "i2", (2,))])
        file["n"], file["h"], file["b"] = h5py.Empty("f4"), np.zeros(2, "f2"), np.array([True])
        file["r"] = np.array([file["e"].ref, file.ref], dtype=h5py.ref_dtype)
        file["t"] = np.dtype("i4")
        file["cycle/up"] = file["/"]


def objects():
    import pandas as pd
    import tables
    with tables.open_file(OUT / "objects.h5", "w") as file:
        file.root._v_attrs.settings = {"a": [1, 2], "b": (3, np.float32(2))}
        rows = file.create_vlarray("/", "rows", tables.ObjectAtom(), expectedrows=3, chunkshape=4)
        for row in [[1, {"a": 3}], np.arange(3), "text."]:
            rows.append(row)
    pd.DataFrame({"a": range(5)}, index=pd.date_range("2020", periods=5, freq="h")).to_hdf(OUT / "frame.h5", key="df")


def compiled():
    import os
    os.environ["KERAS_BACKEND"] = "numpy"
    import keras
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation=keras.activations.gelu)])
    model.compile("sgd", keras.losses.mean_squared_error, metrics=[keras.metrics.mean_absolute_error])
    model.save(OUT / "compiled.keras")
    model.save(OUT / "compiled.h5")


def tables():
    import pyarrow as pa, pyarrow.parquet as pq

    table = pa.table({"n": [{"x": 1, "y": [1, 2]}] * 10, "m": pa.array([[("k", 1)]] * 10, pa.map_(pa.string(), pa.int64()))})
    pq.write_table(table, OUT / "nested.parquet")
    pq.write_table(table, OUT / "plain.parquet", store_schema=False)
    for name, open_writer in [("batches.arrow", pa.ipc.new_file), ("stream.arrow", pa.ipc.new_stream)]:
        with open_writer(OUT / name, table.schema) as writer:
            for batch in table.to_batches(max_chunksize=3):
                writer.write_batch(batch)


def control():
    import onnx
    from onnx import TensorProto, helper, numpy_helper
    value = lambda name, shape, kind=TensorProto.FLOAT: helper.make_tensor_value_info(name, kind, shape)  # noqa: E731
    opsets = [helper.make_opsetid("", 17)]

    def save(name, graph, **more):
        onnx.save(helper.make_model(graph, ir_version=8, **{"opset_imports": opsets, **more}), OUT / name)

    body = helper.make_graph([helper.make_node("Identity", ["c"], ["d"]), helper.make_node("Add", ["s", "x"], ["t"]), helper.make_node("Identity", ["t"], ["u"])], "b",
                             [value("i", [], TensorProto.INT64), value("c", [], TensorProto.BOOL), value("s", [1])], [value("d", [], TensorProto.BOOL), value("t", [1]), value("u", [1])])
    save("loop.onnx", helper.make_graph([helper.make_node("Loop", ["n", "", "x"], ["r", "v"], body=body)], "g", [value("n", [], TensorProto.INT64), value("x", [1])], [value("r", [1]), value("v", [None, 1])]))
    leaf = lambda name, taken: helper.make_graph([helper.make_node("Identity", [taken], ["z"])], name, [], [value("z", [1])])  # noqa: E731
    inner = helper.make_graph([helper.make_node("If", ["c"], ["q"], then_branch=leaf("t", "w"), else_branch=leaf("e", "x"))], "i", [], [value("q", [1])])
    save("nested.onnx", helper.make_graph([helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=leaf("o", "x"))], "g",
                                          [value("c", [], TensorProto.BOOL), value("x", [1])], [value("y", [1])], [numpy_helper.from_array(np.ones(1, "f4"), "w")]))
    whole = lambda name, kind, shape, numbers: helper.make_tensor(name, kind, shape, numbers)  # noqa: E731
    sparse = helper.make_sparse_tensor(whole("w", TensorProto.FLOAT, [3], [1, 2, 3]), whole("", TensorProto.INT64, [3, 2], [0, 0, 1, 1, 2, 2]), [3, 3])
    save("sparse.onnx", helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [value("x", [1, 3])], [value("y", [1, 3])], sparse_initializer=[sparse]))
    values = {"value": numpy_helper.from_array(np.ones((2, 2), "f4")), "value_float": 1.5, "value_ints": [1, 2], "value_string": "a", "value_strings": ["a", "b"], "value_int": 0, "value_floats": [0.0]}
    save("attributes.onnx", helper.make_graph([helper.make_node("Constant", [], [f"c{n}"], **{name: held}) for n, (name, held) in enumerate(values.items())], "g", [], [value("c0", [2, 2])]))
    inside = helper.make_function("own", "F", ["a", "b"], ["c"], [helper.make_node("Mul", ["a", "b"], ["t"]), helper.make_node("LeakyRelu", ["t"], ["c"])], opsets, ["alpha"])
    inside.node[1].attribute.append(onnx.AttributeProto(name="alpha", ref_attr_name="alpha", type=onnx.AttributeProto.FLOAT))
    outside = helper.make_function("own", "G", ["a"], ["c"], [helper.make_node("F", ["a", "a"], ["c"], domain="own", alpha=0.1)], [*opsets, helper.make_opsetid("own", 1)])
    save("functions.onnx", helper.make_graph([helper.make_node("G", ["x"], ["y"], domain="own")], "g", [value("x", [1])], [value("y", [1])]), functions=[inside, outside], opset_imports=[*opsets, helper.make_opsetid("own", 1)])
    (OUT / "tensor.pb").write_bytes(numpy_helper.from_array(np.ones((2, 3), "f4"), "x").SerializeToString())
    (OUT / "sequence.pb").write_bytes(numpy_helper.from_list([np.ones(2, "f4"), np.zeros(3, "f4")], "s").SerializeToString())
    from google.protobuf import text_format
    (OUT / "model.textproto").write_text(text_format.MessageToString(onnx.load(OUT / "loop.onnx")))
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(OUT / "branch.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    onnxruntime.InferenceSession(str(OUT / "nested.onnx"), options, providers=["CPUExecutionProvider"])


def tensorflow():
    import shutil
    import tempfile
    import tensorflow as tf
    import keras
    once = tf.compat.v1

    class Sine(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([2], tf.float32)])
        def __call__(self, x):
            return tf.sin(x)

    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(Sine(), folder)
        for name in ["saved_model.pb", "fingerprint.pb"]:
            shutil.copy(pathlib.Path(folder) / name, OUT / name)
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(8, activation="relu"), keras.layers.Dense(2)])
    (OUT / "float.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([np.ones((1, 4), "f4")] for _ in range(3))
    (OUT / "int8.tflite").write_bytes(converter.convert())
    with tf.io.TFRecordWriter(str(OUT / "records.tfrecord")) as writer:
        writer.write(b"first")
        writer.write(b"")
    graph = tf.Graph()
    with graph.as_default(), once.Session() as session:
        x = once.placeholder(tf.float32, [None, 3], "x")
        tf.identity(x @ once.get_variable("w", [3, 2]), "y")
        session.run(once.global_variables_initializer())
        frozen = once.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["y"])
    (OUT / "frozen.pb").write_bytes(frozen.SerializeToString())
    once.disable_control_flow_v2()
    graph = tf.Graph()
    with graph.as_default():
        x = once.placeholder(tf.float32, [3], "x")
        once.while_loop(lambda n, x: n < 3, lambda n, x: (n + 1, x * 2.0), [tf.constant(0), x])
    (OUT / "control-flow.pb").write_bytes(graph.as_graph_def().SerializeToString())
    once.enable_control_flow_v2()
    graph = tf.Graph()
    with graph.as_default(), once.Session() as session:
        x = once.placeholder(tf.float32, [], "x")
        tf.identity(once.while_loop(lambda n, x: n < 3, lambda n, x: (n + 1, x * 2.0), [tf.constant(0), x])[1], "y")
        functions = once.graph_util.extract_sub_graph(graph.as_graph_def(), ["y"])
    (OUT / "functions.pb").write_bytes(functions.SerializeToString())
    import tf_keras
    with tempfile.TemporaryDirectory() as folder:
        tf_keras.Sequential([tf_keras.layers.Input((2,)), tf_keras.layers.Dense(2)]).save(folder, save_format="tf")
        shutil.copy(pathlib.Path(folder) / "keras_metadata.pb", OUT / "keras_metadata.pb")


def learners():
    import joblib
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    for name, level in {"plain": 0, "zlib": ("zlib", 3), "gzip": ("gzip", 3)}.items():
        joblib.dump(pipeline, OUT / f"pipeline-{name}.joblib", compress=level)
    joblib.dump(DecisionTreeClassifier(max_depth=2).fit(X, Y), OUT / "tree.joblib")
    import xgboost
    booster = xgboost.XGBClassifier(n_estimators=2, max_depth=2).fit(X, Y)
    booster.save_model(OUT / "xgboost.json")
    import lightgbm
    lightgbm.LGBMClassifier(n_estimators=2, min_child_samples=2, verbose=-1).fit(X, Y).booster_.save_model(OUT / "lightgbm.txt")


def configurations():
    write = lambda name, value: (OUT / name).write_text(value if isinstance(value, str) else json.dumps(value, indent=2))  # noqa: E731
    write("bert-config.json", {"architectures": ["BertForMaskedLM"], "model_type": "bert", "hidden_size": 32, "id2label": {"0": "a"}, "layer_norm_eps": 1e-12})
    write("generation_config.json", {"bos_token_id": 1, "eos_token_id": [2, 3], "temperature": 0.6, "top_p": 0.9})
    chatml = "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    llama = "{{- bos_token }}{%- if custom_tools is defined %}{%- set tools = custom_tools %}{%- endif %}{%- for message in messages %}{%- if not (message.role == 'ipython' or 'tool_calls' in message) %}{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' }}{%- elif 'tool_calls' in message %}{%- set tool_call = message.tool_calls[0].function %}{{- tool_call.arguments | tojson(indent=4) }}{%- endif %}{%- endfor %}{{ strftime_now('%d %b %Y') }}"
    qwen = "{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}{%- for message in messages[::-1] %}{%- set index = (messages|length - 1) - loop.index0 %}{%- if ns.multi_step_tool and message.role == 'user' and not(message.content.startswith('<tool_response>')) %}{%- set ns.multi_step_tool = false %}{%- set ns.last_query_index = index %}{%- endif %}{%- endfor %}{%- for message in messages %}{% generation %}{{ message.content.split('</think>')[-1].lstrip('\n') }}{% endgeneration %}{% if loop.index0 > ns.last_query_index %}{% break %}{% endif %}{%- endfor %}"
    mistral = "{% set loop_messages = messages %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{{ '[INST] ' + message['content'].replace('_', ' ') + ' [/INST]' }}{% endfor %}"
    macro = "{%- macro render(spec, deep) -%}{%- for name, param in spec.properties|items -%}{{ name ~ ': ' ~ (param.type|default('any')) }}{%- if not loop.last %}, {% endif -%}{%- endfor -%}{%- endmacro -%}{{ render(tools[0].function.parameters, true) }}{{ messages[0]['content'][0]['text'] }}{{ messages | selectattr('role', 'equalto', 'user') | map(attribute='content') | join('\n') }}"
    for name, template in {"chatml": chatml, "llama": llama, "qwen": qwen, "mistral": mistral, "macro": macro}.items():
        write(f"{name}-tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", "chat_template": template, "model_max_length": 1000000000000000019884624838656})
        write(f"{name}-chat_template.jinja", template)
    write("two-templates-tokenizer_config.json", {"chat_template": [{"name": "default", "template": chatml}, {"name": "tool_use", "template": llama}]})
    write("modules.json", [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}, {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}])
    write("model_index.json", {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.6.0", "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"], "unet": ["diffusers", "UNet2DConditionModel"], "tokenizer": ["transformers", "CLIPTokenizer"], "feature_extractor": [None, None]})
    write("adapter_config.json", {"peft_type": "LORA", "base_model_name_or_path": "a/b", "auto_mapping": {"base_model_class": "LlamaForCausalLM", "parent_library": "transformers.models.llama.modeling_llama"}, "target_modules": ["q_proj"]})
    write("preprocessor_config.json", {"image_mean": [0.5], "image_processor_type": "ViTImageProcessor"})
    write("special_tokens_map.json", {"bos_token": {"content": "<s>", "lstrip": False}})
    write("vocab.json", {f"tok{n}": n for n in range(50)} | {"__init__": 50, "os.system": 51, "eval(": 52})
    write("merges.txt", "#version: 0.2\nt h\nth e\n")
    write("trainer_state.json", {"best_metric": None, "log_history": [{"loss": 1.5, "step": 1}], "epoch": 1.0})
    write("nemo-model_config.yaml", "target: nemo.collections.asr.models.EncDecCTCModel\npreprocessor:\n  _target_: nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor\n  normalize: per_feature\noptim:\n  _target_: torch.optim.AdamW\n  lr: 0.1\n")
    write("README.md", "---\nlicense: apache-2.0\ntags: [text]\n---\n# A model\n\nDo not use `pickle.load` on it; `os.system` is mentioned, nothing more.\n")
    write("lines.jsonl", '{"a": 1}\n{"a": 2}\n')
    write("nan.json", '{"loss": NaN, "most": Infinity}')
    write("chat.yaml", "prompt: |\n  use the tool\n  {{ messages }}\nstop: ['</s>']\n")


def networks():
    import torch
    from torch import nn
    model = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    torch.save(model.state_dict(), OUT / "state.pt")
    torch.save(model.state_dict(), OUT / "state-legacy.pt", _use_new_zipfile_serialization=False)
    torch.save({"model": model.state_dict(), "epoch": 3, "optimizer": torch.optim.Adam(model.parameters()).state_dict()}, OUT / "checkpoint.pth")
    torch.save(torch.ones(2, 2), OUT / "tensor.bin")
    torch.save([torch.zeros(2, dtype=kind) for kind in (torch.float16, torch.bfloat16, torch.int64, torch.bool)], OUT / "types.pt")
    torch.save(model, OUT / "module.pt")
    torch.jit.script(model).save(OUT / "script.pt")
    torch.jit.trace(model, torch.ones(1, 3)).save(OUT / "trace.pt")


def archives():
    import gzip
    import io
    import tarfile
    import zipfile
    (OUT / "notes.txt.gz").write_bytes(gzip.compress(b"notes"))
    with zipfile.ZipFile(OUT / "plain.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("notes.txt", "notes " * 50)
        archive.writestr("folder/config.json", "{}")
    for mode, name in {"w": "plain.tar", "w:gz": "plain.tar.gz"}.items():
        with tarfile.open(OUT / name, mode) as archive:
            for member in ("notes.txt", "folder/" + "a" * 120 + ".txt"):
                entry = tarfile.TarInfo(member)
                entry.size = 5
                archive.addfile(entry, io.BytesIO(b"notes"))


def sequences():
    """What loaders read one after the other from one file, and numbers that begin as a pickle does."""
    import dbm.dumb
    import pickle
    import shelve
    import zlib
    with open(OUT / "array-two.npy", "wb") as file:
        np.save(file, np.ones(3))
        np.save(file, np.array([{"a": 1}], dtype=object))
        np.save(file, np.zeros((2, 2)))
    numbers = [np.array([640, 640]), np.array([640, 11851], "u2").tobytes(), bytes([128, 3, 75, 1, 75]), bytes([128, 4])]
    (OUT / "sizes.pkl").write_bytes(pickle.dumps(numbers))
    # As joblib wrote it before 0.10.
    packed = pickle.dumps({"a": [1, 2]}, 2)
    (OUT / "zfile.joblib").write_bytes(b"ZF" + hex(len(packed)).encode().ljust(19) + zlib.compress(packed))
    store = shelve.Shelf(dbm.dumb.open(str(OUT / "shelf")))
    store["a"], store["b"] = [1, 2], {"c": 3}
    store.close()


def checkpoints():
    import torch
    import torch.distributed.checkpoint as checkpoint
    weights = {"a": torch.arange(3.0), "b": torch.empty(0, 2)}
    torch.save({"epoch": 1, "state_dict": weights}, OUT / "checkpoint.pth.tar")
    for protocol in (3, 4):
        torch.save(weights, OUT / f"state-legacy-{protocol}.pt", _use_new_zipfile_serialization=False, pickle_protocol=protocol)
    folder = OUT / "distributed"
    checkpoint.save({"a": torch.arange(3.0), "step": 1}, checkpoint_id=folder)
    (folder / "__0_0.distcp").rename(OUT / "__0_0.distcp")
    (folder / ".metadata").unlink()
    folder.rmdir()


def skopses():
    from sklearn.linear_model import LogisticRegression
    import skops.io
    skops.io.dump(LogisticRegression().fit(X, Y), OUT / "logistic.skops")


for part in [
    arrays, tensors, graphs, control, quantised, keras, tensorflow, hierarchies, objects, compiled, tables, learners, configurations, networks,
    archives, sequences, checkpoints, skopses,
]:
    try:
        part()
    except ImportError as error:
        print(part.__name__, "left out:", error, file=sys.stderr)
print(len(list(OUT.iterdir())), "files")
