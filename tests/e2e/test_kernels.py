"""What the choice of kernels and threads does to an answer, and what not.

Seen to fail with: keys and values in half precision for exact kernels (MLX's
answer differs), a chunk of a prompt that starts counting places at 0.
"""

import unittest

from harness import MODEL, run, run_json

ASK = ["generate", MODEL, "--raw", "--prompt-file", "-", "--temperature", 0,
       "--max-tokens", 12, "--logprobs", 2, "--json"]
PROMPT = "A list of numbers: " + " ".join(map(str, range(200)))


class Kernels(unittest.TestCase):
    def answer(self, *more):
        report = run_json(*ASK, *more, stdin=PROMPT)
        return report["tokens"], report["logprobs"], report["ranks"]

    def test_threads_ranks_and_chunks_change_no_bit(self):
        # More than 512 tokens: another number of ranks means other chunks.
        tokens, logprobs, _ = self.answer("-t", 1)
        for more in (["-t", 2], ["-t", 5], ["-n", 2], ["-n", 3, "-t", 2]):
            with self.subTest(more=more):
                other = self.answer(*more)
                self.assertEqual(other[0], tokens)
                self.assertEqual(other[1], logprobs)

    def test_report_names_kernels_and_threads(self):
        for kind in ("exact", "fast"):
            ranks = self.answer("--kernels", kind, "-t", 2)[2]
            self.assertEqual(ranks[0]["threads"], 2)
            self.assertTrue(ranks[0]["kernels"].endswith(f", {kind}"))

    def test_too_many_threads_are_warned_of_once(self):
        done = run("generate", MODEL, "-p", "hi", "--max-tokens", 1, "-t",
                   64, "-n", 2)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr.count("warning: --threads 64"), 1)

    def test_exact_kernels_answer_as_mlx_does(self):
        ask = ["generate", MODEL, "--raw", "-p", "Two and two make",
               "--temperature", 0, "--max-tokens", 4, "--logprobs", 3, "--json"]
        ours = run_json(*ask)
        theirs = run_json(*ask, "--kernels", "mlx")
        self.assertEqual(ours["tokens"], theirs["tokens"])
        for a, b in zip(ours["logprobs"], theirs["logprobs"]):
            self.assertAlmostEqual(a["logprob"], b["logprob"], delta=0.005)


if __name__ == "__main__":
    unittest.main()
