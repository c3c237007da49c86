"""Compares the goldens with llama.cpp on the same weights written as float32.

usage: check_goldens.py [MODEL.gguf]; see README.md. Exits 1 on a difference
above 0.0003 nats, other token ids or another greedy text.
"""

import json
import pathlib
import sys
import tempfile

import gguf
import llama_cpp
import numpy as np

from make_goldens import HERE, MODEL

LIMIT = 0.0003  # nats


def write_float32(source, target):
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, "llama")
    skipped = ("general.architecture", "general.file_type")
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name in skipped:
            continue
        if field.types[0] == gguf.GGUFValueType.ARRAY:
            writer.add_array(name, field.contents())
        else:
            writer.add_key_value(name, field.contents(), field.types[0])
    for tensor in reader.tensors:
        values = gguf.dequantize(tensor.data, tensor.tensor_type)
        writer.add_tensor(tensor.name, values.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def logprobs_of(llama, tokens):
    llama.reset()
    llama.eval(tokens)
    logits = np.array(llama.scores[:len(tokens)], dtype=np.float64)
    logits -= logits.max(-1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(-1, keepdims=True))


def difference_of_prompt(llama, golden):
    tokens, steps = golden["tokens"], golden["steps"]
    ids = llama.tokenize(golden["text"].encode(), add_bos=False, special=True)
    if ids != tokens:
        raise SystemExit(f'{golden["name"]}: llama.cpp gives the ids {ids}')
    chosen = [step["token"] for step in steps]
    logprobs = logprobs_of(llama, tokens + chosen[:-1])
    after = logprobs[len(tokens) - 1:]
    if list(after.argmax(-1)) != chosen:
        raise SystemExit(f'{golden["name"]}: llama.cpp continues otherwise')
    return max(
        [abs(row[token] - value)
         for row, token, value in zip(logprobs, tokens[1:],
                                      golden["prompt_logprobs"])]
        + [abs(row[token] - value) for row, step in zip(after, steps)
           for token, value in step["top"]])


def difference_of_text(llama, golden):
    text = golden.get("text") or (HERE / golden["file"]).read_text("utf-8")
    tokens = llama.tokenize(text.encode(), add_bos=False, special=False)
    window, scored = golden["window"], []
    for start in range(0, len(tokens) - window + 1, window):
        part = tokens[start:start + window]
        logprobs = logprobs_of(llama, part)
        scored += [logprobs[i, part[i + 1]]
                   for i in range(window // 2, window - 1)]
    return np.abs(np.array(scored) - golden["logprobs"]).max()


def main():
    source = sys.argv[1] if len(sys.argv) > 1 else MODEL
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/float32.gguf"
        write_float32(source, path)
        float32 = 0  # ggml's number of the type, for the cache
        llama = llama_cpp.Llama(
            path, n_ctx=1024, logits_all=True, type_k=float32, type_v=float32,
            flash_attn=False, verbose=False)
    prompts = json.loads((HERE / "smollm2.json").read_text("utf-8"))
    texts = json.loads((HERE / "perplexity.json").read_text("utf-8"))
    worst = 0
    for golden in prompts["prompts"]:
        difference = difference_of_prompt(llama, golden)
        print(f'{golden["name"]:10} {difference:.7f} nats')
        worst = max(worst, difference)
    for golden in texts["texts"]:
        difference = difference_of_text(llama, golden)
        print(f'window {golden["window"]:3} {difference:.7f} nats')
        worst = max(worst, difference)
    print(f"worst {worst:.7f} nats, limit {LIMIT}")
    return 1 if worst > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
