"""The same answers on one GPU and over several, bit for bit.

MLX's kernels for GPUs may round otherwise for another number of rows, so what
is compared has the same batches whole and split: one stream, and a prompt that
is no longer than the chunk of several ranks.

Not yet seen to fail: these need GPUs.
"""

import json
import pathlib
import tempfile
import unittest

from gpus import MODEL, RANKS, ROOT, needs_gpu, needs_model, over, run_json

LLAMA = {
    "model_type": "llama", "hidden_size": 1024, "num_hidden_layers": 8,
    "intermediate_size": 2816, "num_attention_heads": 8,
    "num_key_value_heads": 2, "vocab_size": 32000,
    "max_position_embeddings": 2048, "rms_norm_eps": 1e-5,
    "rope_theta": 500000.0, "torch_dtype": "bfloat16"}
SHAPES = {
    "bf16": LLAMA,
    "f16, tied": {**LLAMA, "torch_dtype": "float16",
                  "tie_word_embeddings": True},
    "4 bits": {**LLAMA, "quantization": {"bits": 4, "group_size": 64}},
    "8 bits": {**LLAMA, "quantization": {"bits": 8, "group_size": 32}}}
EXCHANGES = ("gather", "sum")
PROMPT = "The capital of France is"
GOLDEN = ROOT / "tests/golden/perplexity.json"


@needs_gpu
class RandomWeights(unittest.TestCase):
    def digests(self, path, *more):
        rows = run_json(
            "bench", "--model-shape", path, "-p", 40, "-g", 40, "-d", 30,
            "-r", 3, "--json", *more, timeout=240)
        return [row["digest"] for row in rows]

    def test_split_is_whole(self):
        for name, config in SHAPES.items():
            with tempfile.TemporaryDirectory() as folder:
                path = pathlib.Path(folder, "shape.json")
                path.write_text(json.dumps(config))
                whole = self.digests(path)
                for digest in whole:
                    self.assertRegex(digest, "^[0-9a-f]{16}$", name)
                for ranks in RANKS[1:]:
                    for exchange in EXCHANGES:
                        with self.subTest(shape=name, ranks=ranks,
                                          exchange=exchange):
                            self.assertEqual(
                                self.digests(path, *over(ranks),
                                             "--exchange", exchange), whole)


@needs_gpu
@needs_model
class RealWeights(unittest.TestCase):
    def test_split_is_whole(self):
        arguments = ["generate", MODEL, "--raw", "-p", PROMPT, "--temperature",
                     0, "--max-tokens", 40, "--json", "--logprobs", 3]
        whole = run_json(*arguments)
        self.assertIn("Paris", whole["text"])
        for ranks in RANKS[1:]:
            for exchange in EXCHANGES:
                with self.subTest(ranks=ranks, exchange=exchange):
                    split = run_json(*arguments, *over(ranks), "--exchange",
                                     exchange)
                    for key in ("text", "tokens", "logprobs"):
                        self.assertEqual(split[key], whole[key], key)

    def test_perplexity_is_the_reference(self):
        """Half precision against the float32 reference of tests/golden."""
        golden = [text for text in json.loads(GOLDEN.read_text())["texts"]
                  if text.get("file")][0]
        for ranks in RANKS:
            with self.subTest(ranks=ranks):
                result = run_json(
                    "perplexity", MODEL, ROOT / "tests/golden" / golden["file"],
                    "--window", golden["window"], "--json", *over(ranks))
                self.assertAlmostEqual(
                    result["perplexity"] / golden["perplexity"], 1, delta=0.01)


if __name__ == "__main__":
    unittest.main()
