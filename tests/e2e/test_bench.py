"""`lockstep bench`: what it measures, in every format.

Seen to fail with: the time to a stream's first token counted as a gap.
"""

import csv
import io
import json
import unittest

from harness import MODEL, run

SHORT = ["-p", 40, "-g", 12, "-r", 2]


class Bench(unittest.TestCase):
    def bench(self, *more, short=SHORT):
        done = run("bench", MODEL, *short, *more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_json_has_a_row_for_each_test_and_number_of_streams(self):
        rows = json.loads(self.bench("-n", 2, "-s", "1,5", "--mixed", "--json"))
        self.assertEqual(
            [(row["test"], row["streams"]) for row in rows],
            [(test, n) for test in ("pp40", "tg12", "pp40+tg12")
             for n in (1, 5)])
        for row in rows:
            with self.subTest(row=row["test"], streams=row["streams"]):
                self.assertEqual(row["ranks"], 2)
                self.assertGreater(row["tps"], 0)
                self.assertEqual(len(row["busy"]), 2)
                self.assertGreater(row["bytes_per_token"], 4 * 576)
                self.assertLessEqual(
                    row["ttft_ms"]["p50"], row["ttft_ms"]["p99"])
                gaps = row["gap_ms"]
                self.assertEqual(gaps["p50"] > 0, row["test"] != "pp40")
                self.assertLessEqual(gaps["p50"], gaps["p99"])

    def test_a_prompt_that_joins_lets_streams_go_on(self):
        rows = json.loads(self.bench("-s", "3", "--join", 200, "--json"))
        self.assertEqual(rows[-1]["test"], "tg<pp200")
        self.assertGreater(rows[-1]["tps"], 0)
        self.assertGreater(rows[-1]["gap_ms"]["p50"], 0)

    def test_all_formats_say_the_same(self):
        lines = self.bench("-o", "jsonl").splitlines()
        self.assertEqual([json.loads(line)["test"] for line in lines],
                         ["pp40", "tg12"])
        rows = list(csv.DictReader(io.StringIO(self.bench("-o", "csv"))))
        self.assertEqual([row["test"] for row in rows], ["pp40", "tg12"])
        self.assertGreater(float(rows[1]["gap_ms_p50"]), 0)
        table = self.bench("-o", "md").splitlines()
        self.assertEqual(len({line.count("|") for line in table}), 1)
        self.assertEqual(len(table), 4)
        self.assertIn("tg12", self.bench())

    def test_what_cannot_be_measured_is_refused(self):
        for more, says in (
                (["-s", "1,0"], "numbers from 1 to 256"),
                (["-p", 0, "-g", 0], "nothing to measure"),
                (["-o", "xml"], "table, md, csv, json or jsonl"),
                (["-g", 9000], "at most the model's 8192")):
            with self.subTest(more=more):
                done = run("bench", MODEL, *more)
                self.assertEqual(done.returncode, 2)
                self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
                self.assertIn(says, done.stderr)


if __name__ == "__main__":
    unittest.main()
