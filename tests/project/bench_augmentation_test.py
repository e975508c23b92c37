"""bench/augmentation.py: its subsets, its schedule, its table, and the examples that elbo makes for it.

$ELBO_COMMAND is elbo's path; without it the test that runs it is skipped.
"""

import itertools
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "bench")]
import augmentation  # noqa: E402

ELBO = os.environ.get("ELBO_COMMAND", "")


def split_of(count):
    """Pictures of 6 × 5 pixels, each of one value."""
    return (count, 6, 5), b"".join(bytes([i]) * 30 for i in range(count)), bytes(i % 3 for i in range(count))


class Subsets(unittest.TestCase):
    def test_have_as_many_of_each_label_and_follow_the_seed(self):
        labels = bytes([0] * 10 + [1] * 20 + [2] * 30)
        chosen = augmentation.balanced(labels, 12, 1)
        self.assertEqual(sorted(labels[i] for i in chosen), [0] * 4 + [1] * 4 + [2] * 4)
        self.assertEqual(chosen, sorted(set(chosen)))
        self.assertEqual(chosen, augmentation.balanced(labels, 12, 1))
        self.assertNotEqual(chosen, augmentation.balanced(labels, 12, 2))

    def test_that_cannot_be_are_refused(self):
        for count, why in ((10, "not a multiple of the 3 labels"), (33, "only 10 examples of the label 0")):
            with self.assertRaisesRegex(SystemExit, why):
                augmentation.balanced(bytes([0] * 10 + [1] * 20 + [2] * 30), count, 1)

    def test_keep_pictures_with_their_labels(self):
        shape, pictures, labels = augmentation.take(split_of(9), [1, 5, 6])
        self.assertEqual(shape, (3, 6, 5))
        self.assertEqual(pictures, bytes([1]) * 30 + bytes([5]) * 30 + bytes([6]) * 30)
        self.assertEqual(labels, bytes([1, 2, 0]))


class Files(unittest.TestCase):
    def test_idx_is_read_as_written(self):
        with tempfile.TemporaryDirectory() as temporary:
            folder = augmentation.write_data(pathlib.Path(temporary) / "data", split_of(9))
            self.assertEqual(augmentation.read_split(folder, "train"), split_of(9))
            (folder / "train-labels-idx1-ubyte").write_bytes(b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0")
            with self.assertRaisesRegex(SystemExit, "not an IDX file of bytes"):
                augmentation.read_split(folder, "train")

    @unittest.skipUnless(pathlib.Path(ELBO).is_file(), "elbo is not built")
    def test_elbo_makes_examples(self):
        options = augmentation.parse(["--elbo", ELBO, "--mnist", "nowhere", "--model-epochs", "1"])
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            data = augmentation.write_data(folder / "data", split_of(60))
            run = augmentation.train_model(options, data, 1, folder / "run")
            shape, pictures, labels = augmentation.make_examples(options, run, data, 80, 1, folder / "made.npz")
            self.assertEqual(shape, (80, 6, 5))
            self.assertEqual(len(pictures), 80 * 30)
            self.assertEqual(labels, bytes(i % 60 % 3 for i in range(80)), "those of the examples in turn")
            other = augmentation.make_examples(options, run, data, 80, 2, folder / "made.npz")
            self.assertNotEqual(other[1], pictures)


class Training(unittest.TestCase):
    def test_the_rate_falls_linearly_to_a_hundredth(self):
        self.assertEqual(augmentation.rate_at(0, 100), 0.1)
        self.assertAlmostEqual(augmentation.rate_at(50, 100), 0.0505)
        self.assertAlmostEqual(augmentation.rate_at(100, 100), 0.001)

    def test_batches_use_every_example_before_one_again(self):
        drawn = list(itertools.islice(augmentation.batches(7, 4, random.Random(1)), 7))
        self.assertEqual([len(batch) for batch in drawn], [4] * 7)
        numbers = [i for batch in drawn for i in batch]
        for first in range(0, 28, 7):
            self.assertEqual(sorted(numbers[first:first + 7]), list(range(7)))
        self.assertNotEqual(numbers[:7], numbers[7:14])

    def test_a_missing_pytorch_is_said_in_a_line(self):
        # -S hides installed packages.
        done = subprocess.run([sys.executable, "-S", "-B", str(ROOT / "bench" / "augmentation.py"), "--mnist", "nowhere"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.assertIn("needs PyTorch, which is not installed here: No module named 'torch'", done.stderr)


class Table(unittest.TestCase):
    def test_a_row_has_means_and_deviations(self):
        options = augmentation.parse(["--mnist", "nowhere"])
        results = [{"real": 60000, "made": 600000, "without": 1.2, "with": 0.8},
                   {"real": 60000, "made": 600000, "without": 1.4, "with": 0.9}]
        row = augmentation.row(options, results)
        self.assertEqual(row, "| 60000 | 600000 | 100 | 2 | 1.30 ± 0.14 % | 0.85 ± 0.07 % |")
        self.assertEqual({line.count("|") for line in [row, *augmentation.TABLE.splitlines()]}, {7})
        self.assertIn("| 1 | 1.20 ± 0.00 % |", augmentation.row(options, results[:1]))


if __name__ == "__main__":
    unittest.main()
