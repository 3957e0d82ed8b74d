"""Writes testdata/demo, a tiny model in the layout of a Hugging Face repository. No package needed.

    python3 testdata/make_demo.py

The weights are a fixed pseudo-random sequence, so the same files come out every time. Afterwards sign the folder anew
(`weighbridge sign testdata/demo --key …`) and put the public key at testdata/demo.pub.
"""

import json
import pathlib
import struct

FOLDER = pathlib.Path(__file__).parent / "demo"
HIDDEN, VOCAB, LAYERS = 16, 64, 2


def weights(count, seed):
    """bfloat16 values between -0.1 and 0.1, as little-endian bytes."""
    state, out = seed, bytearray()
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        value = ((state >> 40) / 2**24 - 0.5) / 5
        out += struct.pack("<f", value)[2:]
    return bytes(out)


def shapes():
    yield "model.embed_tokens.weight", [VOCAB, HIDDEN]
    for layer in range(LAYERS):
        at = f"model.layers.{layer}"
        yield f"{at}.input_layernorm.weight", [HIDDEN]
        for name in "q", "k", "v", "o":
            yield f"{at}.self_attn.{name}_proj.weight", [HIDDEN, HIDDEN]
        for name in "gate", "up":
            yield f"{at}.mlp.{name}_proj.weight", [2 * HIDDEN, HIDDEN]
        yield f"{at}.mlp.down_proj.weight", [HIDDEN, 2 * HIDDEN]
        yield f"{at}.post_attention_layernorm.weight", [HIDDEN]
    yield "model.norm.weight", [HIDDEN]
    yield "lm_head.weight", [VOCAB, HIDDEN]


def safetensors(path, tensors):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for seed, (name, shape) in tensors:
        count = 1
        for dimension in shape:
            count *= dimension
        values = weights(count, seed)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)
    return len(data)


def write(name, value):
    (FOLDER / name).write_text(json.dumps(value, indent=2) + "\n")


def main():
    FOLDER.mkdir(exist_ok=True)
    every = list(enumerate(shapes(), start=1))
    half = len(every) // 2
    shards = {"model-00001-of-00002.safetensors": every[:half], "model-00002-of-00002.safetensors": every[half:]}
    total = sum(safetensors(FOLDER / name, tensors) for name, tensors in shards.items())
    weight_map = {tensor: name for name, tensors in shards.items() for _, (tensor, _) in tensors}
    write("model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": weight_map})
    write("config.json", {
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": HIDDEN,
        "intermediate_size": 2 * HIDDEN,
        "max_position_embeddings": 128,
        "model_type": "llama",
        "num_attention_heads": 2,
        "num_hidden_layers": LAYERS,
        "torch_dtype": "bfloat16",
        "vocab_size": VOCAB,
    })
    write("generation_config.json", {"bos_token_id": 1, "eos_token_id": 2})
    special = [{"id": n, "content": c, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
                "special": True} for n, c in enumerate(["<unk>", "<s>", "</s>"])]
    vocab = {c: n for n, c in enumerate(["<unk>", "<s>", "</s>"] + [chr(33 + n) for n in range(VOCAB - 3)])}
    write("tokenizer.json", {"version": "1.0", "added_tokens": special, "normalizer": None, "pre_tokenizer": None,
                             "model": {"type": "BPE", "vocab": vocab, "merges": []}})
    write("tokenizer_config.json", {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
        "chat_template": "{% for message in messages %}{{ message['role'] }}: {{ message['content'] }}\n{% endfor %}",
    })
    write("special_tokens_map.json", {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"})
    (FOLDER / "README.md").write_text(
        "---\nlicense: apache-2.0\nlibrary_name: transformers\npipeline_tag: text-generation\n"
        "language:\n- en\n---\n\n# Demo\n\n"
        "A model of a few kilobytes with pseudo-random weights. It says nothing sensible; it is here to be weighed.\n"
    )


main()
