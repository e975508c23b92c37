"""tools/kernel_report: what it reads out of cuobjdump's output, its names and tables, and bounds that are broken."""

import csv
import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools" / "kernel_report"))
import bounds  # noqa: E402
import names  # noqa: E402
import objects  # noqa: E402
import sass  # noqa: E402

SCALE = "_ZN4elbo4cuda12_GLOBAL__N_112scale_kernelEPfl"  # elbo::cuda::(anonymous namespace)::scale_kernel(float*, long)
GEMM = "_Z4gemmv"

# As cuobjdump -sass --dump-resource-usage prints an object for one architecture.
DUMP = """
Fatbin ptx code:
================
arch = sm_90
compressed

Fatbin elf code:
================
arch = sm_90
code version = [1,8]

Resource usage:
 Common:
  GLOBAL:0
 Function {scale}:
  REG:{registers} STACK:{stack} SHARED:0 LOCAL:0 CONSTANT[0]:576 TEXTURE:0 SURFACE:0 SAMPLER:0
 Function {gemm}:
  REG:78 STACK:0 SHARED:1024 LOCAL:0 CONSTANT[0]:584 TEXTURE:0 SURFACE:0 SAMPLER:0

\tcode for sm_90
\t.target\tsm_90

\t\tFunction : {scale}
\t.headerflags\t@"EF_CUDA_SM90 EF_CUDA_VIRTUAL_SM(EF_CUDA_SM90)"
        /*0000*/                   LDC R1, c[0x0][0x28] ;                  /* 0x00000a00ff017b82 */
                                                                           /* 0x000ff00000000800 */
        /*0010*/              @!P0 BRA P1, 0x1c0 ;                         /* 0x0000000000508947 */
        /*0020*/                   LDG.E.128.CONSTANT R4, desc[UR4][R2.64] ; /* 0x0000000402087981 */
        /*0030*/                   LDG.E.64 R6, desc[UR4][R2.64+0x8] ;     /* 0x0000000402087981 */
        /*0040*/              @P0  STG.E.128 desc[UR4][R2.64], R4 ;        /* 0x00003c0d0a007986 */
        /*0050*/             @!UP0 STG.E desc[UR4][R2.64], R4 ;            /* 0x00003c0d0a007986 */
        /*0060*/              @!PT STG.E.STRONG.SM desc[UR4][R2.64], R4 ;  /* 0x00003c0d0a007986 */
        /*0070*/                   STG.E.U16 desc[UR4][R2.64], R4 ;        /* 0x00003c0d0a007986 */
{spill}        /*0090*/                   EXIT ;                                  /* 0x000000000000794d */
        /*00a0*/                   NOP;                                    /* 0x0000000000007918 */
\t\t..........

\t\tFunction : {gemm}
        /*0000*/                   LDSM.16.M88.4 R8, [R2] ;                /* 0x000000000000783b */
        /*10010*/                  HMMA.1688.F32.TF32 R4, R8, R10, R4 ;    /* 0x0000000a0804723c */
        /*10020*/                  HMMA.1688.F32.TF32 R4, R8, R10, R4 ;    /* 0x0000000a0804723c */
\t\t..........
"""
SPILL = """        /*0080*/                   STL [R1], R0 ;                          /* 0x0000000001007387 */
        /*0088*/                   LDL R0, [R1] ;                          /* 0x0000000001007983 */
"""
RULES = """
RULES = [{"kernels": "gemm", "least": {"hmma": %d}, "why": "a product is on tensor cores"},
         {"kernels": "scale", "most": {"registers": 40}, "why": "of 12 blocks"}]
LOCAL_MEMORY = [("made: scale", {"sm_90": %d}, "made up")]
"""


def dump(registers=29, stack=0, spill=""):
    return DUMP.format(scale=SCALE, gemm=GEMM, registers=registers, stack=stack, spill=spill)


class Parser(unittest.TestCase):
    def test_counts(self):
        found = sass.kernels(dump())
        self.assertEqual(set(found), {("sm_90", SCALE), ("sm_90", GEMM)})
        self.assertEqual(found["sm_90", SCALE], {
            "registers": 29, "stack": 0, "shared": 0, "stl": 0, "ldl": 0, "stg128": 1, "stg32": 2, "ldg128": 1, "hmma": 0, "ldsm": 0, "together": 1,
            "early": 0, "copies": 0, "instructions": 9})
        gemm = found["sm_90", GEMM]
        self.assertEqual((gemm["registers"], gemm["shared"], gemm["hmma"], gemm["ldsm"], gemm["instructions"]), (78, 1024, 2, 1, 3))

    def test_loads_in_a_row_and_copies_before_the_wait(self):
        order = ["LDG.E.128 R4", "LDG.E.128 R8", "STS [R1]", "LDG.E.128 R4", "STG.E [R2]", "LDG.E.128 R4",
                 "ACQBULK", "LDGSTS.E [R2]", "LDGSTS.E.BYPASS.128 [R2]", "ACQBULK", "LDGSTS.E [R2]"]
        code = "".join("        /*%04x*/                   %s ;\n" % (16 * i, line) for i, line in enumerate(order))
        kernel = sass.kernels("\tcode for sm_90\n\t\tFunction : made\n" + code)["sm_90", "made"]
        self.assertEqual((kernel["together"], kernel["early"], kernel["copies"]), (3, 2, 3))

    def test_spills(self):
        scale = sass.kernels(dump(stack=8, spill=SPILL))["sm_90", SCALE]
        self.assertEqual((scale["stack"], scale["stl"], scale["ldl"], scale["instructions"]), (8, 1, 1, 11))

    def test_two_architectures_are_told_apart(self):
        found = sass.kernels(dump() + dump(registers=32).replace("sm_90", "sm_80"))
        self.assertEqual([found[architecture, SCALE]["registers"] for architecture in ("sm_90", "sm_80")], [29, 32])
        self.assertEqual([found[architecture, GEMM]["hmma"] for architecture in ("sm_90", "sm_80")], [2, 2])

    def test_an_object_without_kernels(self):
        self.assertEqual(sass.kernels("\nFatbin elf code:\narch = sm_90\n"), {})


class Names(unittest.TestCase):
    HEADER = "inline constexpr GemmTile kTensorTiles[] = {\n    {16, 32, 64, 4, 1, 1, 4},  //\n    {256, 128, 16, 4, 4, 2, 1},\n};\n"

    def test_kernels(self):
        for name, short in (
                ("elbo::cuda::(anonymous namespace)::adam_kernel(float*, elbo::math::AdamConstants, bool (*)(int))", "adam"),
                ("void elbo::cuda::(anonymous namespace)::likelihood_kernel<elbo::math::Laplace, 256>(elbo::math::Laplace, int)", "likelihood<Laplace, 256>"),
                ("void elbo::cuda::epilogue_kernel<elbo::cuda::(anonymous namespace)::LikelihoodEpilogue<elbo::math::Laplace> >(long)",
                 "epilogue<LikelihoodEpilogue<Laplace>>"),
                ("elbo::cuda::<unnamed>::gather_kernel(int, long)", "gather"),  # as NVIDIA's tools write it
                ("_Z4gemmv", "_Z4gemmv")):
            self.assertEqual(names.short(name), short)

    def test_gemms(self):
        name = ("void elbo::cuda::gemm_kernel<elbo::cuda::TileOf<elbo::cuda::%s, %d>, (elbo::cuda::Along)%d, (elbo::cuda::Along)%d, "
                "elbo::cuda::%s, elbo::cuda::Operand, elbo::cuda::(anonymous namespace)::%sEpilogue>(elbo::cuda::GemmArguments<A, B>, X)")
        shapes = names.tiles(self.HEADER)
        self.assertEqual(shapes, {"Tensor": ["16x32x64", "256x128x16"]})
        tensor = name % ("Tensor<elbo::cuda::arch::Bf16>", 1, 0, 1, "Operand", "BackwardInput")
        self.assertEqual(names.short(tensor, shapes), "gemm bf16 256x128x16 dx BackwardInput")
        scalar = name % ("Scalar", 2, 1, 1, "GatheredOperand<elbo::cuda::PatchSource>", "Weights")
        self.assertEqual(names.short(scalar, shapes), "gemm fp32 tile2 dw Patch Weights")

    def test_the_tiles_of_this_tree_are_found(self):
        header = (ROOT / "src" / "ops" / "gemm_plan.h").read_text(encoding="utf-8")
        self.assertEqual({engine: len(shapes) > 2 for engine, shapes in names.tiles(header).items()}, {"Tensor": True, "Scalar": True})

    def test_without_a_demangler_symbols_name_themselves(self):
        self.assertEqual(names.demangled([SCALE], ["no-such-demangler"]), {SCALE: SCALE})


class Bounds(unittest.TestCase):
    def table(self, hmma=1, stack=0):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "bounds.py")
            pathlib.Path(path).write_text(RULES % (hmma, stack), encoding="utf-8")
            return bounds.read(path)

    def rows(self, **more):
        return [{"name": "made: " + symbol.replace(SCALE, "scale").replace(GEMM, "gemm"), "architecture": architecture, **counts}
                for (architecture, symbol), counts in sass.kernels(dump(**more)).items()]

    def test_kept(self):
        self.assertEqual(bounds.broken(self.table(), self.rows()), [])

    def test_too_few(self):
        self.assertEqual(bounds.broken(self.table(hmma=3), self.rows()), ["made: gemm, sm_90: hmma is 2, at least 3: a product is on tensor cores"])

    def test_too_many(self):
        self.assertEqual(bounds.broken(self.table(), self.rows(registers=41)), ["made: scale, sm_90: registers is 41, at most 40: of 12 blocks"])

    def test_local_memory_is_refused_unless_it_is_known(self):
        spilling = self.rows(stack=8, spill=SPILL)
        self.assertEqual(bounds.broken(self.table(), spilling),
                         ["made: scale, sm_90: 8 bytes of local memory (1 stores, 1 loads), none is known"])
        self.assertEqual(bounds.broken(self.table(stack=4), spilling),
                         ["made: scale, sm_90: 8 bytes of local memory (1 stores, 1 loads), 4 are known"])
        self.assertEqual(bounds.broken(self.table(stack=8), spilling), [])

    def test_an_exception_that_nothing_needs_is_told(self):
        self.assertEqual(bounds.needless(self.table(stack=8), self.rows()), ["made: scale, sm_90: 8 bytes of local memory are allowed, 0 are used"])
        self.assertEqual(bounds.needless(self.table(stack=8), self.rows(stack=8, spill=SPILL)), [])

    def test_a_rule_without_kernels_is_broken(self):
        table = {"RULES": [{"kernels": "gone", "least": {"hmma": 1}, "why": "it was there"}], "LOCAL_MEMORY": []}
        self.assertEqual(bounds.broken(table, self.rows()), ["no kernel is called gone: it was there"])

    def test_a_rule_for_another_architecture_says_nothing(self):
        table = {"RULES": [{"kernels": "gemm", "on": ["sm_80"], "least": {"hmma": 9}, "why": "x"}], "LOCAL_MEMORY": []}
        self.assertEqual(bounds.broken(table, self.rows()), [])

    def test_what_is_no_rule_is_refused(self):
        for text in ("RULES = []", "RULES = [{'kernels': 'x', 'why': 'y', 'most': {'spills': 0}}]\nLOCAL_MEMORY = []", "RULES = ["):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "bounds.py")
                pathlib.Path(path).write_text(text, encoding="utf-8")
                with self.assertRaises(bounds.BadBounds):
                    bounds.read(path)

    def test_the_tree_s_own_can_be_read(self):
        self.assertGreater(len(bounds.read(str(ROOT / "tests" / "project" / "kernel_bounds.py"))["RULES"]), 5)


class Script(unittest.TestCase):
    """The script whole, on a build's folder with a cuobjdump that prints the made-up dump."""

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.build = pathlib.Path(self._folder.name)
        kernels = self.build / "CMakeFiles" / "elbo_cuda.dir" / "kernels"
        kernels.mkdir(parents=True)
        (kernels / "made.cu.o").write_text("")
        (self.build / "build.ninja").write_text("build CMakeFiles/elbo_cuda.dir/kernels/made.cu.o: CUDA_COMPILER /x/kernels/made.cu || y\n")
        self.cuobjdump = self.build / "cuobjdump"
        self.cuobjdump.write_text("#!%s\nprint(%r)\n" % (sys.executable, dump()))
        self.cuobjdump.chmod(self.cuobjdump.stat().st_mode | stat.S_IXUSR)

    def run_script(self, *arguments):
        done = subprocess.run([sys.executable, str(ROOT / "tools" / "kernel_report"), str(self.build), *map(str, arguments)],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def report(self, *arguments):
        return self.run_script("--cuobjdump", self.cuobjdump, *arguments)

    def test_table(self):
        code, text, _ = self.report()
        self.assertEqual(code, 0)
        self.assertLessEqual(max(map(len, text.splitlines())), 80)
        self.assertRegex(text, r"made, sm_90 +regs stack shared STL")
        self.assertRegex(text, r"29 +0 +0 +0 +0 +1 +2 +1 +0 +0 +9\n")

    def test_choices(self):
        self.assertNotIn("LDSM  1", self.report("--kernels", "scale")[1])
        code, _, complaint = self.report("--arch", "sm_10")
        self.assertEqual((code, complaint), (1, "kernel_report: no kernel of that name or architecture\n"))

    def test_files(self):
        self.report("--csv", self.build / "a.csv", "--json", self.build / "a.json")
        with open(self.build / "a.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        with open(self.build / "a.json", encoding="utf-8") as file:
            document = json.load(file)
        self.assertEqual([row["registers"] for row in rows], [str(kernel["registers"]) for kernel in document["kernels"]])
        self.assertEqual(document["compiler"], "an unknown nvcc")
        self.assertTrue(self.report("--csv", "-")[1].startswith("name,architecture,registers"))

    def test_bounds(self):
        path = self.build / "bounds.py"
        path.write_text((RULES % (2, 0)).replace("scale", "scale|_ZN"))
        self.assertEqual(self.report("--bounds", path)[:2], (0, "2 kernels by an unknown nvcc: within their bounds\n"))
        path.write_text((RULES % (3, 0)).replace("scale", "scale|_ZN"))
        code, text, _ = self.report("--bounds", path)
        self.assertEqual(code, 1)
        self.assertRegex(text, r"hmma is 2, at least 3.*\n2 kernels by an unknown nvcc: 1 bounds are broken")

    def test_without_cuobjdump_it_says_so_and_is_skipped(self):
        code, text, complaint = self.run_script("--cuobjdump", self.build / "none")
        self.assertEqual((code, text), (77, ""))
        self.assertRegex(complaint, r"^kernel_report: skipped: there is no .*none\n$")

    def test_cuobjdump_is_found_beside_nvcc(self):
        beside = self.build / "toolkit"
        beside.mkdir()
        self.cuobjdump.rename(beside / "cuobjdump")
        (self.build / "CMakeCache.txt").write_text("CMAKE_CUDA_COMPILER:FILEPATH=%s\n" % (beside / "nvcc"))
        path, os.environ["PATH"] = os.environ["PATH"], str(self.build)
        self.addCleanup(os.environ.__setitem__, "PATH", path)
        self.assertEqual(objects.cuobjdump(str(self.build)), str(beside / "cuobjdump"))

    def test_what_is_not_built_is_named(self):
        (self.build / "CMakeFiles" / "elbo_cuda.dir" / "kernels" / "made.cu.o").unlink()
        code, _, complaint = self.report()
        self.assertEqual(code, 1)
        self.assertRegex(complaint, r"made not built; cmake --build makes them")

    def test_a_cuobjdump_that_fails_is_an_error(self):
        self.cuobjdump.write_text("#!%s\nraise SystemExit('it is broken')\n" % sys.executable)
        code, _, complaint = self.report()
        self.assertEqual(code, 1)
        self.assertIn("it is broken", complaint)


if __name__ == "__main__":
    unittest.main()
