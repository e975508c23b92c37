"""bench/compare.py: its table, its tools' turns, and step_bench's answers.

$ELBO_STEP_BENCH is step_bench's path; without it the tests that run it are skipped. $ELBO_TEST_DEVICE is its device.
"""

import contextlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "bench" / "peers")]
import compare  # noqa: E402
import workload  # noqa: E402

STEP_BENCH = os.environ.get("ELBO_STEP_BENCH", "")
DEVICE = os.environ.get("ELBO_TEST_DEVICE", "cpu")

# Answers like a tool: describes itself, then gives a repeat for each line; logs whose turn it was.
FAKE = """#!{python}
import json, sys
print("a compiler's chatter", flush=True)
print(json.dumps({{"tool": "{tool}", "device": "abacus", "steps": 7, "versions": {{"{tool}": "1.0"}},
                  "settings": {{}}}}), flush=True)
for turn, line in enumerate(sys.stdin):
    open("{log}", "a").write("{tool} ")
    if turn == {lives}: sys.exit("out of beads")
    print(json.dumps({{"us": {us} * (1 + turn), "negative_elbo": 100.0}}), flush=True)
"""


def tool(name, times, negative_elbo=100.0):
    return {"about": {"tool": name, "device": "abacus", "steps": 7, "versions": {name: "1.0"}, "settings": {}},
            "repeats": [{"us": us, "negative_elbo": negative_elbo} for us in times]}


def section(tools):
    return {"name": "b128", "precision": "fp32", "batch": 128, "widths": [784, 400, 400, 20],
            "network": "784-400-400-20", "rounds": 3, "tools": tools}


class Table(unittest.TestCase):
    def test_rows_have_medians_quartiles_and_ratios_of_the_same_round(self):
        # The third round was slow for both: the ratio of medians would be 4.5, the ratio of adjacent rounds is 3.
        ours, theirs = compare.summary(section({"elbo": tool("elbo", [100, 200, 1000]),
                                                "jax": tool("JAX scan", [300, 900, 3000])}))
        self.assertEqual(ours["median_us"], 200)
        self.assertEqual((ours["low_us"], ours["high_us"], ours["fastest_us"]), (150, 600, 100))
        self.assertEqual(ours["examples_per_second"], 128 / 200e-6)
        self.assertEqual(ours["ratio"], 1)
        self.assertEqual(theirs["median_us"], 900)
        self.assertEqual(theirs["ratio"], 3)

    def test_one_round_and_no_elbo(self):
        [row] = compare.summary(section({"jax": tool("JAX scan", [300])}))
        self.assertEqual((row["low_us"], row["median_us"], row["high_us"]), (300, 300, 300))
        self.assertNotIn("ratio", row)

    def test_what_does_not_learn_is_said(self):
        learns, stays, diverges = compare.summary(section({
            "elbo": tool("elbo", [1]), "eager": tool("eager", [1], 543.4), "jax": tool("jax", [1], float("nan"))}))
        self.assertTrue(learns["trains"])
        self.assertFalse(stays["trains"])
        self.assertFalse(diverges["trains"])
        self.assertIn("does not train", compare.markdown_row(stays))

    def test_a_missing_tool_is_a_row_with_the_reason(self):
        why = {"about": {"tool": "JAX scan"}, "why": "not installed: No module named 'jax'"}
        options = compare.parse(["--device", "cpu", "--threads", "2"])
        report = compare.assemble([section({"elbo": tool("elbo", [1234.56]), "jax": why})], options)
        text = compare.markdown(report)
        self.assertIn("abacus, 2 threads", text)
        self.assertIn("### b128: 784-400-400-20, batch 128, fp32", text)
        self.assertIn("3 rounds of 7 steps", text)
        self.assertIn("| elbo | 1235 | 1235–1235 | 1235 | 103681 | 1.00× | 100.0 |", text)
        self.assertIn("| JAX scan | not installed: No module named 'jax' | | | | | |", text)
        columns = {line.count("|") for line in text.splitlines() if line.startswith("|")}
        self.assertEqual(columns, {8})


class Turns(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.log = pathlib.Path(self.folder.name) / "turns"

    def fake(self, tool, us, lives=99):
        path = pathlib.Path(self.folder.name) / tool
        path.write_text(FAKE.format(python=sys.executable, tool=tool, us=us, lives=lives, log=self.log))
        path.chmod(0o755)
        return str(path)

    def measure(self, commands, rounds):
        options = compare.parse(["--rounds", str(rounds), "--patience", "60", "--tools", *commands])
        original = compare.command_of
        self.addCleanup(setattr, compare, "command_of", original)
        compare.command_of = lambda tool, *_: [commands[tool]]
        with contextlib.redirect_stderr(io.StringIO()):
            return compare.measure("b128", "fp32", options)

    def test_tools_take_turns(self):
        result = self.measure({"elbo": self.fake("elbo", 10), "jax": self.fake("jax", 30)}, rounds=3)
        self.assertEqual(self.log.read_text().split(), ["elbo", "jax"] * 3)
        self.assertEqual([repeat["us"] for repeat in result["tools"]["jax"]["repeats"]], [30, 60, 90])
        self.assertEqual(compare.summary(result)[1]["ratio"], 3)

    def test_a_tool_that_dies_or_is_not_there_leaves_the_others_be(self):
        result = self.measure({"elbo": self.fake("elbo", 10), "jax": self.fake("jax", 30, lives=1),
                               "eager": "/nowhere/python"}, rounds=3)
        self.assertEqual(len(result["tools"]["elbo"]["repeats"]), 3)
        self.assertEqual(result["tools"]["jax"]["why"], "failed: out of beads")
        self.assertIn("/nowhere/python", result["tools"]["eager"]["why"])

    def test_peers_without_their_packages_say_so(self):
        for script in ("torch_peer.py", "jax_peer.py"):
            # -S hides installed packages.
            command = [sys.executable, "-S", "-B", str(ROOT / "bench" / "peers" / script), "--serve"]
            answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout)
            self.assertRegex(answer["unavailable"], "^not installed: No module named '(torch|jax)'$")


@unittest.skipUnless(pathlib.Path(STEP_BENCH).is_file(), "step_bench is not built")
class StepBench(unittest.TestCase):
    WORK = ["--device", DEVICE, "--widths", "12,8,3", "--batch", "4", "--examples", "41"]

    def test_precision_is_the_recipes_or_the_options(self):
        for flags, expected in (((), "tf32" if DEVICE == "cuda" else "fp32"),
                                (("--set", "train.precision=bf16"), "bf16"),
                                (("--set", "train.precision=bf16", "--precision", "fp32"), "fp32")):
            answer = json.loads(self.run_it("--json", "--repeats", "1", *flags).stdout)
            self.assertEqual(answer["precision"], expected, flags)

    def run_it(self, *flags, steps=5, **how):
        command = [STEP_BENCH, *self.WORK, "--steps", str(steps), *flags]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, **how)

    def test_json(self):
        done = self.run_it("--json", "--repeats", "3", "--epochs", "2", "--precision", "fp32")
        self.assertEqual(done.returncode, 0, done.stderr)
        answer = json.loads(done.stdout)
        self.assertEqual((answer["tool"], answer["widths"], answer["batch"]), ("elbo", [12, 8, 3], 4))
        self.assertEqual((answer["precision"], answer["steps"]), ("fp32", 5))
        self.assertEqual((len(answer["repeats_us"]), len(answer["epoch_seconds"])), (3, 2))
        self.assertEqual(answer["median_us"], sorted(answer["repeats_us"])[1])
        self.assertAlmostEqual(answer["examples_per_second"], 4e6 / answer["median_us"], delta=1)
        # An untrained net's cost is about 12 ln 2 nats and a KL near 0.
        self.assertTrue(4 < answer["negative_elbo"] < 12, answer)

    def test_serves_repeats_on_demand_and_learns(self):
        done = self.run_it("--serve", input="\n" * 150)
        self.assertEqual(done.returncode, 0, done.stderr)
        about, *repeats = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((about["tool"], about["widths"]), ("elbo", [12, 8, 3]))
        self.assertEqual(len(repeats), 150)
        self.assertTrue(all(repeat["us"] > 0 for repeat in repeats))
        self.assertLess(repeats[-1]["negative_elbo"], 0.8 * repeats[0]["negative_elbo"])

    def test_takes_as_many_steps_as_an_epoch_has_full_batches(self):
        self.assertEqual(self.run_it("--repeats", "1", steps=10).returncode, 0)
        done = self.run_it(steps=11)
        self.assertEqual(done.returncode, 1)
        self.assertIn("41 examples are fewer than 11 batches of 4", done.stderr)


class Networks(unittest.TestCase):
    def test_dense(self):
        relu = ("relu",)
        self.assertEqual(workload.network(784, [400, 300], [300, 400], 20),
                         ([("linear", 784, 400), relu, ("linear", 400, 300), relu, ("linear", 300, 40)],
                          [("linear", 20, 300), relu, ("linear", 300, 400), relu, ("linear", 400, 784)]))

    def test_convolutions_end_in_one_pixel_by_pixel_where_the_picture_is_as_large(self):
        relu = ("relu",)
        encoder, decoder = workload.network(784, ["conv 64", "conv 128 k4 s2", 256], [12, "reshape 7x7x2", "deconv 8 s2", "deconv 4 k4 s2"], 5)
        self.assertEqual(encoder, [("picture", 28, 28, 1), ("conv", 1, 64, 3, 1, 1), relu,
                                   ("conv", 64, 128, 4, 2, 1), relu, ("row",), ("linear", 14 * 14 * 128, 256), relu,
                                   ("linear", 256, 10)])
        self.assertEqual(decoder, [("linear", 5, 12), relu, ("picture", 7, 7, 2), ("deconv", 2, 8, 3, 2, 1, 1), relu,
                                   ("deconv", 8, 4, 4, 2, 1, 0), relu, ("conv", 4, 1, 1, 1, 0), ("row",)])

    def test_other_pictures_end_in_a_linear_layer(self):
        _, decoder = workload.network(784, [8], [98, "reshape 7x7x2", "deconv 8 s2"], 5)
        self.assertEqual(decoder[-2:], [("row",), ("linear", 14 * 14 * 8, 784)])


class Counted:
    """A training that only records its calls."""

    def __init__(self):
        self.asked, self.device, self.versions, self.settings = [], "abacus", {}, {}

    def begin(self):
        self.asked.append("begin")

    def run(self, steps):
        self.asked.append(steps)

    def synchronize(self):
        self.asked.append("synchronize")

    def negative_elbo(self):
        return 1.0


class PeerRepeats(unittest.TestCase):
    def test_every_step_after_the_beginning_is_timed_and_the_first_repeat_not(self):
        training = Counted()
        options = types.SimpleNamespace(batch=4, widths=[12, 3], precision="fp32", steps=7, device="cpu", threads=1, serve=False, repeats=2)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            workload.main("counted", options, lambda _: training)
        self.assertEqual(training.asked, ["begin", "synchronize", 7, "synchronize"] * 3)
        self.assertEqual(len(json.loads(said.getvalue())["repeats_us"]), 2)


if __name__ == "__main__":
    unittest.main()
