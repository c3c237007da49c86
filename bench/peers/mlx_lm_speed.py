#!/usr/bin/env python3
"""mlx-lm on a llama GGUF: tokens per second.

usage: bench/peers/mlx_lm_speed.py MODEL.gguf prompt|generate N

mlx-lm reads no GGUF, but MLX does and keeps 4 and 8 bits quantized; its llama
takes queries and keys as GGUF orders them when told that rotation is
"traditional". So both sides have the same weights. MLX has no setting for the
number of threads: on CPUs it computes with one.
"""

import pathlib
import sys
import time

sys.path.insert(0, str(
    pathlib.Path(__file__).resolve().parents[2] / "build/peers/python"))

import mlx.core as mx  # noqa: E402
import mlx.nn as nn  # noqa: E402
from mlx_lm.models import cache, llama  # noqa: E402

NAMES = {"attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
         "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
         "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
         "ffn_down": "mlp.down_proj", "attn_norm": "input_layernorm",
         "ffn_norm": "post_attention_layernorm",
         "token_embd": "model.embed_tokens", "output_norm": "model.norm",
         "output": "lm_head"}


def renamed(name):
    parts = name.split(".")
    if parts[0] == "blk":
        return f"model.layers.{parts[1]}.{NAMES[parts[2]]}.{parts[3]}"
    return f"{NAMES[parts[0]]}.{parts[1]}"


def load(path):
    arrays, about = mx.load(path, return_metadata=True)
    weights = {renamed(name): array for name, array in arrays.items()
               if not name.startswith("rope_freqs")}

    def number(key):
        return about[f"llama.{key}"].item()

    model = llama.Model(llama.ModelArgs(
        model_type="llama", hidden_size=number("embedding_length"),
        num_hidden_layers=number("block_count"),
        intermediate_size=number("feed_forward_length"),
        num_attention_heads=number("attention.head_count"),
        num_key_value_heads=number("attention.head_count_kv"),
        rms_norm_eps=number("attention.layer_norm_rms_epsilon"),
        vocab_size=weights["model.embed_tokens.weight"].shape[0],
        rope_theta=number("rope.freq_base"), rope_traditional=True,
        tie_word_embeddings="lm_head.weight" not in weights))

    def bits(name, _):
        scales = weights.get(f"{name}.scales")
        if scales is None:
            return False
        words = weights[f"{name}.weight"].shape[1]
        return {"group_size": 32, "bits": words // scales.shape[1]}

    nn.quantize(model, class_predicate=bits)
    model.load_weights(list(weights.items()))
    return model


def main():
    if len(sys.argv) != 4 or sys.argv[2] not in ("prompt", "generate"):
        sys.exit(__doc__)
    model, n = load(sys.argv[1]), int(sys.argv[3])
    kept = cache.make_prompt_cache(model)

    def step(tokens):
        logits = model(mx.array([tokens]), cache=kept)
        return mx.argmax(logits[0, -1]).item()

    prompt = [1 + i % 1000 for i in range(n if sys.argv[2] == "prompt" else 1)]
    start = time.monotonic()
    token = step(prompt)
    if sys.argv[2] == "generate":
        start = time.monotonic()
        for _ in range(n):
            token = step([token])
    print(n / (time.monotonic() - start))


if __name__ == "__main__":
    main()
