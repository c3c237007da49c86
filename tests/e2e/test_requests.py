"""Several answers to one prompt, memory that is limited, beginnings reused.

Seen to fail with: a choice's number left out of its random numbers; answers that
do not wait for the first to read the prompt.
"""

import json
import unittest

from harness import run, run_json


def generate(*more):
    return run_json("generate", "demo", "-p", "Name a colour.", "--seed", 7,
                    "--json", *more)


class Requests(unittest.TestCase):
    def test_choices_share_the_prompt_and_differ(self):
        three = generate("-n", 2, "--choices", 3, "--max-tokens", 16)
        alone = generate("--choices", 1, "--max-tokens", 16)
        texts = [choice["text"] for choice in three["choices"]]
        self.assertEqual(len(set(texts)), 3, texts)
        self.assertEqual(texts[0], alone["text"])
        self.assertNotIn("choices", alone)
        self.assertGreater(three["reused_tokens"],
                           2 * (three["prompt_tokens"] - 17))
        self.assertEqual((three["requests"], three["reuse_hits"]), (3, 2))
        self.assertEqual(alone["reused_tokens"], 0)
        self.assertEqual((alone["requests"], alone["reuse_hits"]), (1, 0))

    def test_what_memory_is_promised_is_kept(self):
        answer = generate("-n", 2, "--context", 256, "--max-tokens", 100,
                          "--ignore-eos")
        for rank in answer["ranks"]:
            self.assertLess(rank["peak_bytes"], 1.1 * rank["memory_bytes"])
            self.assertGreater(rank["memory_bytes"],
                               rank["weights_bytes"] + rank["kv_bytes"])

    def test_a_limit_of_memory_holds_or_is_refused(self):
        limited = generate("-n", 2, "--max-memory", "160M", "--max-tokens", 20)
        for rank in limited["ranks"]:
            self.assertLessEqual(rank["memory_bytes"], 160e6)
        for limit, code, says in (("90M", 5, "needs at least"),
                                  ("some", 2, "expected bytes from 1M on")):
            done = run("generate", "demo", "-p", "Hi", "-n", "2",
                       "--max-memory", limit)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(says, done.stderr)
        done = run("generate", "demo", "-p", "Hi", "-n", "2", "--max-memory",
                   "160M", "--max-tokens", "7000")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("places that there is memory for", done.stderr)

    def test_keys_and_values_of_8_bits_take_half(self):
        sizes = {bits: generate("--kv-bits", bits, "--max-tokens", 8)
                 ["ranks"][0]["kv_bytes"] for bits in (8, 16, 32)}
        self.assertLess(sizes[8], 0.55 * sizes[16])
        self.assertLess(sizes[16], 0.55 * sizes[32])

    def test_the_next_turn_is_measured_beside_a_cold_one(self):
        rows = json.loads(run("bench", "demo", "-n", "2", "-p", "0", "-g", "0",
                              "--turn", "300", "-r", "1", "--json").stdout)
        self.assertEqual([row["test"] for row in rows], ["turn300", "cold300"])
        for row in rows:
            self.assertGreater(row["ttft_ms"]["p50"], 0)
            # About a hidden state for each token that was read, of all.
            self.assertLess(row["bytes_per_token"], 2 * 4 * 576)


if __name__ == "__main__":
    unittest.main()
