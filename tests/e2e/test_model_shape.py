"""`lockstep bench --model-shape`: random weights of any configuration.

Seen to fail with: weights that depend on what was made before them, so that
ranks have others than one rank alone; memory not checked before weights are
made.
"""

import json
import pathlib
import tempfile
import unittest

from harness import ROOT, run, run_json

SHAPES = ROOT / "bench/shapes"
TINY = {
    "model_type": "llama", "hidden_size": 128, "num_hidden_layers": 5,
    "intermediate_size": 192, "num_attention_heads": 8,
    "num_key_value_heads": 2, "vocab_size": 500,
    "max_position_embeddings": 512, "rms_norm_eps": 1e-5,
    "rope_theta": 10000.0, "torch_dtype": "bfloat16"}
QUANTIZED = {**TINY, "quantization": {"bits": 4, "group_size": 64},
             "tie_word_embeddings": True, "torch_dtype": "float16"}


class ModelShape(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def shape(self, config, name="tiny.json"):
        path = self.folder / name
        path.write_text(json.dumps(config))
        return path

    def test_ranks_have_the_weights_that_one_rank_has(self):
        arguments = ["-p", 70, "-g", 20, "-s", "1,3", "-r", 2, "--mixed",
                     "--json"]
        for config in (TINY, QUANTIZED):
            path = self.shape(config)
            bench = ["bench", "--model-shape", path, *arguments]
            alone = run_json(*bench)
            digests = [row["digest"] for row in alone]
            self.assertEqual(len(set(digests)), 6, digests)
            for digest in digests:
                self.assertRegex(digest, "^[0-9a-f]{16}$")
            for ranks, backend, exchange in (
                    (2, "mpi", "gather"), (3, "mpi", "sum"),
                    (2, "ring", "gather")):
                with self.subTest(ranks=ranks, backend=backend):
                    rows = run_json(*bench, "-n", ranks, "--backend", backend,
                                    "--exchange", exchange)
                    self.assertEqual([row["digest"] for row in rows], digests)
                    for row in rows:
                        self.assertEqual(row["model"], "tiny")
                        self.assertIs(row["random_weights"], True)
                        self.assertEqual(row["ranks"], ranks)

    def test_weights_are_as_large_as_stored_ones(self):
        dense = run_json("bench", "--model-shape", self.shape(TINY), "-p", 1,
                         "-g", 0, "-r", 1, "--json")[0]
        per_layer = 128 * (128 + 2 * 32 + 128 + 3 * 192)
        self.assertEqual(
            dense["weights_bytes"], 2 * (5 * per_layer + 2 * 512 * 128))

    def test_the_table_says_that_weights_are_random(self):
        done = run("bench", "--model-shape", self.shape(TINY), "-p", 4, "-g",
                   2, "-r", 1)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("model tiny (random weights)", done.stdout)

    def test_shapes_of_the_project_are_sound(self):
        """Opened and checked, but for their weights: ranks are too many."""
        layers = {"llama-3-8b": 32, "llama-3-8b-4bit": 32,
                  "seed-28-layers": 28, "smollm2-135m": 30}
        self.assertEqual(
            {path.stem for path in SHAPES.glob("*.json")}, set(layers))
        for name, n_layers in layers.items():
            with self.subTest(shape=name):
                done = run("bench", "--model-shape", SHAPES / f"{name}.json",
                           "-n", n_layers + 1)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(f"a model of {n_layers} layers", done.stderr)

    def test_what_cannot_be_is_refused(self):
        def changed(**keys):
            return self.shape({**TINY, **keys}, "-".join(keys) + ".json")

        for arguments, code, says in (
                (["--model-shape", self.folder / "none.json"], 3, "none.json"),
                (["--model-shape", changed(model_type="griffin")], 4,
                 'key "model_type" is "griffin"'),
                (["--model-shape", changed(num_hidden_layers=10 ** 9)], 3,
                 "1000000000, expected an integer from 1 to 1024"),
                (["--model-shape", changed(vocab_size=0)], 3,
                 'key "vocab_size" is 0'),
                (["--model-shape", changed(hidden_size=-128)], 3,
                 'key "hidden_size" is -128'),
                (["--model-shape", changed(torch_dtype="int4")], 3,
                 'key "torch_dtype" is "int4"'),
                (["--model-shape", changed(
                    hidden_size=1 << 20, intermediate_size=1 << 20,
                    num_hidden_layers=1024)], 5, "12.4 PB"),
                (["--model-shape", self.shape(TINY), "demo"], 2, "either"),
                ([], 2, "no model is named")):
            for ranks in (1, 2):
                with self.subTest(arguments=arguments, ranks=ranks):
                    done = run("bench", *arguments, "-n", ranks, "-p", 4,
                               "-g", 2)
                    self.assertEqual(done.returncode, code, done.stderr)
                    self.assertEqual(
                        done.stderr.count("\n"), 1, done.stderr)
                    self.assertIn(says, done.stderr)


if __name__ == "__main__":
    unittest.main()
