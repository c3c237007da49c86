"""Writes smollm2.json and perplexity.json beside itself.

usage: make_goldens.py [MODEL.gguf]; see README.md.
"""

import hashlib
import json
import pathlib
import sys

import jinja2
import numpy as np
import tokenizers
from tokenizers import decoders, models, pre_tokenizers

from reference import Llama, perplexity

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE.parent.parent / "build/models/SmolLM2-135M-Instruct.Q4_1.gguf"
N_STEPS = 10
N_TOP = 5

# A string is given as it is; a list is a conversation for the chat template.
PROMPTS = {
    "sky": [{"role": "user", "content":
             "Why is the sky blue? Answer in one sentence."}],
    "system": [{"role": "system", "content": "Answer with one word."},
               {"role": "user", "content": "What is the capital of Italy?"}],
    "turns": [{"role": "system", "content": "You are terse."},
              {"role": "user", "content": "2+3?"},
              {"role": "assistant", "content": "5"},
              {"role": "user", "content": "And 4+4?"}],
    "story": "Once upon a time, in a small village by the sea,",
    "code": "def fibonacci(n):\n    if n < 2:\n        return n\n",
    "list": "The days of the week are Monday, Tuesday, Wednesday,",
    "numbers": "1, 2, 4, 8, 16, 32, 64,",
    "letters": "Grüße aus Köln! 🙂 日本",
    "space": "   indented\n\n\ttabbed  twice  ",
    "one": "The",
}


def tokenizer_of(metadata):
    """The GGUF's byte-level BPE; this `pre` splits off each digit."""
    assert metadata["tokenizer.ggml.model"] == "gpt2"
    assert metadata["tokenizer.ggml.pre"] == "smollm"
    tokens = metadata["tokenizer.ggml.tokens"]
    tokenizer = tokenizers.Tokenizer(models.BPE(
        vocab={token: i for i, token in enumerate(tokens)},
        merges=[tuple(merge.split(" "))
                for merge in metadata["tokenizer.ggml.merges"]]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)])
    tokenizer.decoder = decoders.ByteLevel()
    kinds = metadata["tokenizer.ggml.token_type"]
    tokenizer.add_special_tokens(
        [token for token, kind in zip(tokens, kinds) if kind == 3])
    return tokenizer


def golden_of(model, tokenizer, name, prompt):
    metadata = model.gguf.metadata
    text = prompt
    if not isinstance(prompt, str):
        text = jinja2.Template(metadata["tokenizer.chat_template"]).render(
            messages=prompt, add_generation_prompt=True)
    tokens = tokenizer.encode(text, add_special_tokens=False).ids
    model.restart()
    logprobs = model.forward(tokens)
    of_prompt = [logprobs[i, token] for i, token in enumerate(tokens[1:])]
    steps, last, n_past = [], logprobs[-1], len(tokens)
    while True:
        top = np.argsort(-last)[:N_TOP]
        token = int(top[0])
        steps.append({
            "token": token,
            "logprob": round(float(last[token]), 6),
            "margin": round(float(last[token] - last[top[1]]), 6),
            "top": [[int(t), round(float(last[t]), 6)] for t in top]})
        if token == metadata["tokenizer.ggml.eos_token_id"] \
                or len(steps) == N_STEPS:
            break
        last = model.forward([token])[-1]
    return {"name": name, "text": text, "tokens": tokens,
            "prompt_logprobs": [round(float(x), 6) for x in of_prompt],
            "continuation": tokenizer.decode(
                [s["token"] for s in steps], skip_special_tokens=False),
            "steps": steps}


def perplexity_of(model, tokenizer, text, window):
    tokens = tokenizer.encode(text, add_special_tokens=False).ids
    value, error, scored = perplexity(model, tokens, window)
    return {"window": window, "text_tokens": len(tokens),
            "perplexity": round(float(value), 6),
            "error": round(float(error), 6),
            "logprobs": [round(float(x), 6) for x in scored]}


def write(name, value):
    """One line for each element of the inner lists, so that a change shows."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    (HERE / name).write_text(text + "\n", encoding="utf-8")


def main():
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else MODEL
    model = Llama(path)
    tokenizer = tokenizer_of(model.gguf.metadata)
    made_of = {"model": path.name,
               "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    write("smollm2.json", made_of | {"prompts": [
        golden_of(model, tokenizer, *item) for item in PROMPTS.items()]})
    text = (HERE / "text.txt").read_text(encoding="utf-8")
    opening = text[:text.index("\n\n")] + "\n"
    write("perplexity.json", made_of | {"texts": [
        {"text": opening} | perplexity_of(model, tokenizer, opening, 32),
        {"file": "text.txt"} | perplexity_of(model, tokenizer, text, 512)]})


if __name__ == "__main__":
    main()
