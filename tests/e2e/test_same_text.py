"""The same greedy text, byte for byte, whatever the number of ranks, the back
end and the exchange.

Seen to fail with: hidden states rounded to half precision on their way; the
head's norm left out on the last of several ranks.
"""

import itertools
import unittest

from harness import MODEL, run, run_json

PROMPT = "The capital of France is"
ARGUMENTS = ["generate", MODEL, "--raw", "-p", PROMPT, "--temperature", "0",
             "--max-tokens", "6"]


class SameText(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.alone = run_json(*ARGUMENTS, "--json", "--logprobs", "3")

    def test_ranks_back_ends_exchanges(self):
        for ranks, backend, exchange in itertools.product(
                (1, 2, 3, 4), ("mpi", "ring"), ("gather", "sum", "shift")):
            with self.subTest(ranks=ranks, backend=backend, exchange=exchange):
                answer = run_json(
                    *ARGUMENTS, "--json", "--logprobs", "3", "-n", ranks,
                    "--backend", backend, "--exchange", exchange)
                for key in ("text", "tokens", "logprobs", "finish_reason",
                            "prompt_tokens"):
                    self.assertEqual(answer[key], self.alone[key], key)
                self.assertEqual(answer["exchange"], exchange)
                self.assertFalse(answer["exchange_chosen"])
                self.assertEqual(len(answer["ranks"]), ranks)
                self.check_ranks(answer["ranks"])

    def test_an_exchange_is_chosen(self):
        for ranks, backend in ((2, "mpi"), (3, "ring")):
            with self.subTest(ranks=ranks, backend=backend):
                answer = run_json(
                    *ARGUMENTS, "--json", "-n", ranks, "--backend", backend)
                self.assertEqual(answer["text"], self.alone["text"])
                self.assertIn(answer["exchange"], ("gather", "sum", "shift"))
                self.assertTrue(answer["exchange_chosen"])
        self.assertFalse(self.alone["exchange_chosen"])

    def check_ranks(self, ranks):
        """Every layer once, in order; the embedding first, the head last."""
        next_layer = 0
        for number, rank in enumerate(ranks):
            self.assertEqual(rank["rank"], number)
            self.assertEqual(rank["first_layer"], next_layer)
            self.assertGreaterEqual(rank["last_layer"], next_layer)
            next_layer = rank["last_layer"] + 1
            self.assertEqual(rank["embedding"], number == 0)
            self.assertEqual(rank["head"], number == len(ranks) - 1)
            self.assertGreater(rank["bytes_read"], 0)
            self.assertGreater(rank["busy"], 0)
        self.assertEqual(next_layer, 30)
        # The tied table lies on the first and on the last rank.
        table = 30_081_024
        read = sum(rank["bytes_read"] for rank in ranks)
        whole = self.alone["ranks"][0]["bytes_read"]
        self.assertEqual(read, whole + (table if len(ranks) > 1 else 0))

    def test_seed(self):
        """A seed gives one text on one rank and on two; another gives another.
        """
        sampled = ARGUMENTS[:-4] + ["--max-tokens", "8", "--json", "--seed"]
        one = run_json(*sampled, "7")
        two = run_json(*sampled, "7", "-n", "2")
        other = run_json(*sampled, "8")
        self.assertEqual(one["tokens"], two["tokens"])
        self.assertNotEqual(one["tokens"], other["tokens"])

    def test_stream_is_the_text(self):
        done = run(*ARGUMENTS, "-n", "2")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, self.alone["text"] + "\n")
        for word in ("embedding", "head", "busy", "tok/s", "forward pass"):
            self.assertIn(word, done.stderr)


if __name__ == "__main__":
    unittest.main()
