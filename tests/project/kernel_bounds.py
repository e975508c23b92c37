"""What the compiler must make of the kernels; tools/kernel_report --bounds reads it, figures are those of nvcc 13.0.

RULES: "kernels" (and "but") are regular expressions of names as the report prints them, "on" the architectures (all, where it
is missing), "least" and "most" bounds of the report's columns.
LOCAL_MEMORY: no kernel may touch local memory but these: names, bytes at most by architecture, and why.
"""


def _fits(tile, threads, blocks):
    """Registers must not hold a multiprocessor to fewer of a tile's blocks than its shared memory does."""
    most = min(255, 65536 // (threads * blocks) // 8 * 8)
    return {"kernels": ": gemm (tf32|bf16) %s " % tile, "on": ["sm_90"], "most": {"registers": most},
            "why": "%d blocks of %d threads, for which there is shared memory, leave no more to each" % (blocks, threads)}


RULES = [
    {"kernels": ": gemm (tf32|bf16)", "least": {"hmma": 4}, "why": "a product in tf32 and bf16 is on tensor cores"},
    {"kernels": ": gemm (tf32|bf16) .* (y|dx) ", "least": {"ldsm": 2}, "why": "operands along k come by ldmatrix; of dw none is along k"},
    {"kernels": ": gemm fp32", "most": {"hmma": 0}, "why": "fp32 is not rounded"},
    _fits("16x32x64", 128, 4), _fits("32x32x64", 128, 3), _fits("32x64x32", 128, 4), _fits("64x64x32", 128, 3),
    _fits("128x64x32", 256, 2), _fits("128x128x16", 128, 2), _fits("256x128x16", 256, 1),
    # In every gemm five stores are of a split's partial sums: four of an unrolled loop and one of its rest. The others are the
    # epilogue's, at least one for each matrix that it writes.
    {"kernels": ": gemm ", "but": "^linear_reparameterize", "least": {"stg128": 6}, "why": "an epilogue's quad is one store"},
    {"kernels": "^linear_reparameterize: gemm ", "least": {"stg128": 5}, "why": "partial sums leave in quads"},
    {"kernels": "^(linear|conv2d.*).(forward|transpose): gemm ", "least": {"stg128": 7}, "why": "y and what is saved of it are quads"},
    {"kernels": "^linear_adam: gemm ", "least": {"stg128": 8}, "why": "weights and both moments are quads"},
    {"kernels": ": epilogue<", "but": "SumsEpilogue|SampleEpilogue", "least": {"stg128": 1, "ldg128": 6}, "why": "sums and results are quads"},
    {"kernels": ": epilogue<AdamEpilogue>", "least": {"stg128": 3}, "why": "weights and both moments are quads"},
    {"kernels": "^(add: add|clamp: |corrupt: |dropout: |running_average: |norm: norm_(forward|backward)|batch_norm: batch_norm_|gated: .*<true>)",
     "least": {"stg128": 1, "ldg128": 1}, "why": "aligned rows go through in quads"},
    {"kernels": "^adam: adam", "least": {"stg128": 3, "ldg128": 4}, "why": "weights and both moments are quads, and so is the gradient"},
    {"kernels": "^likelihood: likelihood<", "but": "Categorical", "least": {"stg128": 1, "ldg128": 3},
     "why": "outputs, data, mask and gradient are quads"},
    {"kernels": "^likelihood: likelihood<.*, 256>", "most": {"registers": 80}, "why": "three blocks of 256 threads find place"},
]

_ONCE = "put aside before the loop over k and read again after it"
_INSIDE = "one value is read again at every stage: found in the code, its cost not measured"
LOCAL_MEMORY = [
    ("^conv2d: gemm bf16 64x64x32 dw", {"sm_80": 8}, _ONCE),
    ("^conv2d.forward: gemm bf16 32x64x32 y", {"sm_90": 8}, _ONCE),
    ("^conv2d.forward: gemm bf16 (32x32x64|64x64x32) y", {"sm_80": 8}, _ONCE),
    ("^conv2d.transpose: gemm bf16 32x32x64 dx", {"sm_80": 8}, _ONCE),
    ("^conv2d.transpose: gemm bf16 64x64x32 dx", {"sm_80": 32}, _INSIDE),
    ("^linear(_adam)?: gemm fp32 64x64x16 dw", {"sm_90": 8}, _ONCE),
    ("^linear.forward: gemm bf16 32x64x32 y", {"sm_90": 8}, _ONCE),
    ("^linear.backward_input: gemm bf16 128x64x32 dx", {"sm_90": 8}, _ONCE),
    ("^linear_likelihood: gemm bf16 32x32x64 y", {"sm_80": 8}, _ONCE),
    ("^linear_reparameterize: gemm bf16 128x64x32 dx", {"sm_90": 8}, _ONCE),
    ("^linear_reparameterize: gemm tf32 128x64x32 dx", {"sm_80": 16}, _INSIDE),
    ("^hamiltonian: metropolis", {"sm_80": 16, "sm_90": 16}, "one of a Philox block's four words is chosen at run time, once a row"),
]
