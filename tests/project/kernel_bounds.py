"""What the compiler must make of the kernels; tools/kernel_report --bounds reads it, figures are those of nvcc 13.0.

RULES: "kernels" (and "but") are regular expressions of names as the report prints them, "on" the architectures (all, where it
is missing), "least" and "most" bounds of the report's columns.
LOCAL_MEMORY: no kernel may touch local memory but these (none): names, bytes at most by architecture, and why.
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
    # In every gemm one store for each of a thread's quads, up to four, is of a split's partial sums. The others are the epilogue's,
    # two for each matrix that it writes: for quads that are read ahead together, and one by one.
    {"kernels": ": gemm ", "but": "^linear_reparameterize", "least": {"stg128": 3}, "why": "an epilogue's quad is one store"},
    {"kernels": "^linear_reparameterize: gemm ", "least": {"stg128": 1}, "why": "partial sums leave in quads"},
    {"kernels": "^(linear|conv2d.*).(forward|transpose): gemm ", "least": {"stg128": 5}, "why": "y and what is saved of it are quads"},
    {"kernels": "^linear_adam: gemm ", "least": {"stg128": 7}, "why": "weights and both moments are quads"},
    {"kernels": ": epilogue<", "but": "SumsEpilogue|SampleEpilogue", "least": {"stg128": 1, "ldg128": 6}, "why": "sums and results are quads"},
    {"kernels": ": epilogue<AdamEpilogue>", "least": {"stg128": 3}, "why": "weights and both moments are quads"},
    {"kernels": "^linear_adam: gemm .* (32x64x32|64x64x\\d+|128x64x32|128x128x16|256x128x16) dw", "least": {"together": 12},
     "why": "weights and moments of four quads are read before one is stored"},
    {"kernels": "^linear_adam: gemm .* 32x32x64 dw", "least": {"together": 6}, "why": "a thread has two quads there"},
    {"kernels": "^linear_likelihood: gemm .* (32x64x32|64x64x\\d+|128x64x32|128x128x16|256x128x16) y", "least": {"together": 8},
     "why": "data and masks of four quads are read before a gradient is stored"},
    {"kernels": "^(linear.backward_input|conv2d.*): gemm .* (32x64x32|64x64x\\d+|128x64x32|128x128x16|256x128x16) (dx|y)", "least": {"together": 4},
     "why": "what the derivatives of four quads need is read before one is stored"},
    {"kernels": ": gemm ", "on": ["sm_90"], "least": {"early": 2}, "why": "the second operand's first stages are copied before the wait"},
    {"kernels": "^(add: add|clamp: |corrupt: |dropout: |running_average: |norm: norm_(forward|backward)|batch_norm: batch_norm_|gated: .*<true>)",
     "least": {"stg128": 1, "ldg128": 1}, "why": "aligned rows go through in quads"},
    {"kernels": "^adam: adam", "least": {"stg128": 3, "ldg128": 4}, "why": "weights and both moments are quads, and so is the gradient"},
    {"kernels": "^likelihood: likelihood<", "but": "Categorical", "least": {"stg128": 1, "ldg128": 3},
     "why": "outputs, data, mask and gradient are quads"},
    {"kernels": "^likelihood: likelihood<.*, 256>", "most": {"registers": 80}, "why": "three blocks of 256 threads find place"},
]

LOCAL_MEMORY = []
