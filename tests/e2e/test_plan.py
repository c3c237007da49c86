"""`lockstep plan`, and that worlds do as it says.

Seen to fail with: --split read and not used; the environment's share not looked
at; numbers of layers written as shares; the limit of the first rank taken for
all.
"""

import json
import pathlib
import shlex
import shutil
import tempfile
import unittest

from harness import MODEL, PROGRAM, run, run_json
from test_launchers import AS_ROOT, MPIRUN, output_of

ASK = ["generate", MODEL, "--raw", "-p", "Once upon a time", "--temperature",
       0, "--max-tokens", 12, "--json"]
RANK_FIELDS = {"rank", "host", "first_layer", "last_layer", "weights_bytes",
               "kv_bytes", "total_bytes", "limit_bytes"}


def layers_of(report):
    return [rank["last_layer"] - rank["first_layer"] + 1
            for rank in report["ranks"]]


class Plan(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.n_files = 0

    def hosts(self, *hosts):
        self.n_files += 1
        path = pathlib.Path(self.folder.name) / f"hosts{self.n_files}.json"
        path.write_text(json.dumps(hosts), encoding="utf-8")
        return path

    def refused(self, code, says, *arguments, env=None):
        done = run(*arguments, env=env)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn(says, done.stderr)

    def test_a_measured_plan_has_what_scripts_rely_on(self):
        plan = run_json("plan", MODEL, "-n", 2, "--json", "--context", 512)
        self.assertEqual(len(plan["ranks"]), 2)
        for number, rank in enumerate(plan["ranks"]):
            self.assertLessEqual(RANK_FIELDS, set(rank))
            self.assertEqual(rank["rank"], number)
            self.assertGreater(rank["weights_bytes"], 1e7)
            self.assertGreater(rank["kv_bytes"], 0)
            self.assertGreater(rank["total_bytes"],
                               rank["weights_bytes"] + rank["kv_bytes"])
            self.assertGreater(rank["limit_bytes"], rank["total_bytes"])
            self.assertGreater(rank["stage_ms"], 0)
            self.assertTrue(0 < rank["busy"] <= 1)
        self.assertEqual(layers_of(plan), plan["split"])
        self.assertEqual(sum(plan["split"]), 30)
        self.assertGreater(plan["predicted"]["prompt_tps"], 0)
        self.assertGreater(plan["predicted"]["generation_tps"], 0)
        self.assertGreater(plan["exchange"]["decode_ms"], 0)
        self.assertTrue(0 < plan["exchange"]["decode_share"] < 1)

    def test_the_table_shows_all_of_it(self):
        done = run("plan", MODEL, "-n", 2, "--split", "20,10", "-s", 4)
        self.assertEqual(done.returncode, 0, done.stderr)
        for says in ("embedding, 0-19", "20-29, head", "exchange ",
                     "predicted: prompt", "with 4 requests at a time",
                     "-n 2 --split 20,10"):
            self.assertIn(says, done.stdout)

    def test_a_rank_alone_has_no_exchange(self):
        plan = run_json("plan", MODEL, "--json")
        self.assertEqual(plan["split"], [30])
        self.assertIsNone(plan["exchange"])
        self.assertIsNone(plan["fewer"])

    def test_what_is_planned_is_what_is_taken(self):
        """Also --split, and that it does not change the text."""
        quick = run_json("plan", MODEL, "--quick", "-n", 3, "--split",
                         "9,17,4", "--context", 700, "--json")
        whole = run_json(*ASK)
        split = run_json(*ASK, "-n", 3, "--split", "9,17,4", "--context", 700)
        self.assertEqual(layers_of(split), [9, 17, 4])
        self.assertEqual(split["tokens"], whole["tokens"])
        for planned, taken in zip(quick["ranks"], split["ranks"]):
            self.assertEqual(planned["total_bytes"], taken["memory_bytes"])
        self.assertEqual(quick["predicted"],
                         {"prompt_tps": None, "generation_tps": None})

    def test_without_a_split_a_quick_plan_is_the_worlds(self):
        quick = run_json("plan", MODEL, "--quick", "-n", 2, "--json")
        self.assertEqual(layers_of(run_json(*ASK, "-n", 2)), quick["split"])

    def test_shares_and_memory_of_hosts_decide(self):
        hosts = self.hosts({"ssh": "a", "share": 3}, {"ssh": "b", "share": 1})
        quick = run_json("plan", MODEL, "--quick", "--hosts", hosts, "--json")
        self.assertGreater(quick["split"][0], 2 * quick["split"][1])
        self.assertEqual([rank["host"] for rank in quick["ranks"]],
                         ["a", "b"])
        done = run("plan", MODEL, "--quick", "--hosts", hosts)
        self.assertIn(f"generate {MODEL} --hosts {hosts} --split", done.stdout)
        hosts = self.hosts({"ssh": "a", "memory": "120M"}, {"ssh": "b"})
        limited = run_json("plan", MODEL, "--quick", "--hosts", hosts,
                           "--context", 512, "--json")
        self.assertLess(limited["split"][0], 12)
        self.assertLessEqual(limited["ranks"][0]["total_bytes"], 120e6)
        self.assertEqual(limited["ranks"][0]["limit_bytes"], 120e6)

    @unittest.skipUnless(shutil.which("mpirun"), "no mpirun here")
    def test_a_ranks_own_share_decides(self):
        asked = " ".join(shlex.quote(str(word)) for word in (PROGRAM, *ASK))
        answer = output_of(
            [*MPIRUN, "2", "sh", "-c", "LOCKSTEP_SHARE=$((1 + 2 * "
             f"OMPI_COMM_WORLD_RANK)) exec {asked}"], AS_ROOT)
        hosts = self.hosts({"ssh": "a", "share": 1}, {"ssh": "b", "share": 3})
        quick = run_json("plan", MODEL, "--quick", "--hosts", hosts, "--json")
        self.assertLess(quick["split"][0], 10)
        self.assertEqual(layers_of(answer), quick["split"])

    def test_a_ranks_own_memory_is_kept(self):
        limited = run_json(*ASK, "-n", 2, "--max-memory", "1G",
                           env={"LOCKSTEP_MAX_MEMORY": "160M"})
        for rank in limited["ranks"]:
            self.assertLessEqual(rank["memory_bytes"], 160e6)
        for name, value in (("LOCKSTEP_SHARE", "0"),
                            ("LOCKSTEP_SHARE", "1x"),
                            ("LOCKSTEP_MAX_MEMORY", "some")):
            with self.subTest(name=name, value=value):
                self.refused(2, f'{name} is "{value}", expected', *ASK,
                             env={name: value})

    def test_a_hosts_file_gets_its_shares(self):
        hosts = self.hosts({"ssh": "localhost", "port": 7000},
                           {"ssh": "localhost"})
        out = pathlib.Path(self.folder.name) / "new.json"
        plan = run_json("plan", MODEL, "--hosts", hosts, "-o", out, "--json")
        written = json.loads(out.read_text(encoding="utf-8"))
        self.assertEqual([host["share"] for host in written],
                         [rank["share"] for rank in plan["ranks"]])
        self.assertEqual(written[0]["port"], 7000)
        quick = run_json("plan", MODEL, "--quick", "--hosts", out, "--json")
        self.assertEqual(quick["split"], plan["split"])

    def test_what_cannot_be_is_refused(self):
        remote = self.hosts({"ssh": "a"}, {"ssh": "b"})
        for code, says, *arguments in (
                (2, "31 ranks for a model of 30 layers", "-n", 31),
                (2, "31 ranks for a model of 30 layers", "-n", 31, "--quick"),
                (2, "20,8 gives 28 layers, and the model has 30",
                 "-n", 2, "--split", "20,8"),
                (2, "10,20 is for 2 ranks, and there is 1",
                 "--split", "10,20"),
                (2, '--split is "20;10"', "-n", 2, "--split", "20;10"),
                (2, "at most the model's 8192", "--context", 9000),
                (2, "--hosts is missing", "-o", "x.json"),
                (2, "--quick measures nothing", "-o", "x.json", "--hosts",
                 remote, "--quick"),
                (2, "-n is 3 and", "-n", 3, "--hosts", remote),
                (2, "has no ips in the hosts file", "--hosts", remote),
                (5, "is the tightest: it may take 90.0 MB", "-n", 2,
                 "--max-memory", "90M"),
                (5, "rank 1 on b is the tightest", "--quick", "--hosts",
                 self.hosts({"ssh": "a", "memory": "130M"},
                            {"ssh": "b", "memory": "70M"}))):
            with self.subTest(arguments=arguments):
                self.refused(code, says, "plan", MODEL, *arguments)
        self.refused(2, "gives 28 layers", *ASK, "-n", 2, "--split", "20,8")


if __name__ == "__main__":
    unittest.main()
