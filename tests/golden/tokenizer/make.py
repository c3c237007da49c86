"""Writes smollm2.json: texts and their ids by the tokenizers package.

    python -m venv venv && venv/bin/pip install tokenizers gguf
    venv/bin/python make.py MODEL.gguf

The tokenizer is put together here from the vocabulary in the GGUF file and from
what SmolLM2's makers say of it (digits one by one, then GPT-2's byte-level
split), so that the C++ code that does the same is checked by another hand.
"""

import json
import pathlib
import random
import sys

import gguf
import tokenizers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

from texts import TEXTS

CONTROL = 3  # the GGUF token type


def load(path):
    fields = gguf.GGUFReader(path).fields

    def field(name):
        return fields["tokenizer.ggml." + name].contents()

    assert (field("model"), field("pre")) == ("gpt2", "smollm")
    names = field("tokens")
    model = models.BPE(
        vocab={name: i for i, name in enumerate(names)},
        merges=[tuple(merge.split(" ")) for merge in field("merges")],
    )
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(
        [
            AddedToken(name, special=True, normalized=False)
            for name, kind in zip(names, field("token_type"))
            if kind == CONTROL
        ]
    )
    return tokenizer


def encodings(tokenizer):
    cases = []
    for text in TEXTS:
        case = {"text": text}
        for key, plain in [("parsed", False), ("plain", True)]:
            tokenizer.encode_special_tokens = plain
            case[key] = tokenizer.encode(text, add_special_tokens=False).ids
        cases.append(case)
    return cases


def decodings(tokenizer):
    rng = random.Random(1)
    size = tokenizer.get_vocab_size()
    # Single bytes and control tokens are rare among all: pick them often.
    rare = [i for i in range(size) if len(tokenizer.id_to_token(i)) == 1]
    rare += range(17)
    cases = []
    for n in [1, 2, 3, 5, 8, 13, 21, 34, 55, 89] * 4:
        ids = [
            rng.choice(rare) if rng.random() < 0.5 else rng.randrange(size)
            for _ in range(n)
        ]
        cases.append(
            {
                "ids": ids,
                "text": tokenizer.decode(ids, skip_special_tokens=False),
                "skipped": tokenizer.decode(ids, skip_special_tokens=True),
            }
        )
    return cases


def lines(cases):
    return ",\n".join("  " + json.dumps(c, separators=(",", ":")) for c in cases)


def main():
    tokenizer = load(sys.argv[1])
    out = pathlib.Path(__file__).with_name("smollm2.json")
    out.write_text(
        '{"made_by": %s,\n"encode": [\n%s\n],\n"decode": [\n%s\n]}\n'
        % (
            json.dumps("tokenizers " + tokenizers.__version__),
            lines(encodings(tokenizer)),
            lines(decodings(tokenizer)),
        )
    )


main()
