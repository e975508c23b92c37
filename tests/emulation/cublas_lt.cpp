// The stand-in for cuBLASLt: products with operands rounded to tf32, or of bf16, added up in fp32.

#include <cublasLt.h>

#include <bit>
#include <cstring>
#include <string>

#include "checker.h"
#include "footprint.h"
#include "heap.h"
#include "stream.h"

namespace elbo::emulation {

struct Lt {};
struct LtOperation {
  cublasComputeType_t compute;
  std::int32_t transpose_a = CUBLAS_OP_N, transpose_b = CUBLAS_OP_N;
  std::int32_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const float* bias = nullptr;
};
struct LtLayout {
  cudaDataType_t type;
  std::int64_t rows, cols, leading;

  std::size_t width() const { return type == CUDA_R_16BF ? 2 : 4; }
  std::size_t bytes() const { return width() * static_cast<std::size_t>(leading * (cols - 1) + rows); }
};
struct LtPreference {
  std::uint32_t alignment[4] = {256, 256, 256, 256};
};

namespace {

struct Gemm {
  LtOperation operation;
  LtLayout a, b, c;
  const void* from_a;
  const void* from_b;
  float* to;
  float alpha, beta;
  bool backwards;
};

/// Rounds to 10 bits of mantissa, ties to even, like a GPU's tensor cores.
float to_tf32(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7f800000u) == 0x7f800000u) return value;
  return std::bit_cast<float>((bits + 0x0fffu + (bits >> 13 & 1u)) & 0xffffe000u);
}

/// Value [row, col] of op(X).
float value_of(const void* from, const LtLayout& layout, bool transposed, bool tf32, std::int64_t row,
               std::int64_t col) {
  const auto at =
      static_cast<std::size_t>(transposed ? col + layout.leading * row : row + layout.leading * col);
  if (layout.type == CUDA_R_16BF) {
    std::uint16_t half;
    std::memcpy(&half, static_cast<const std::uint16_t*>(from) + at, sizeof half);
    return std::bit_cast<float>(static_cast<std::uint32_t>(half) << 16);
  }
  const float value = static_cast<const float*>(from)[at];
  return tf32 ? to_tf32(value) : value;
}

Outcome check_matrix(const char* name, const void* data, std::size_t bytes) {
  if (Heap::instance().covers(data, bytes) && Heap::instance().admit(data)) return {};
  return failure(cudaErrorIllegalAddress, "cublasLtMatmul: ", name, ", ", bytes,
                 " bytes, is not within one live device allocation: it begins ",
                 Heap::instance().describe(data));
}

void note_columns(const void* data, const LtLayout& layout, bool write) {
  for (std::int64_t col = 0; col < layout.cols; ++col) {
    note_access(static_cast<const std::byte*>(data) +
                    static_cast<std::int64_t>(layout.width()) * layout.leading * col,
                layout.width() * static_cast<std::size_t>(layout.rows), write);
  }
}

Outcome multiply(const Gemm& p) {
  if (Outcome outcome = check_matrix("D", p.to, p.c.bytes()); !outcome) return outcome;
  if (Outcome outcome = check_matrix("A", p.from_a, p.a.bytes()); !outcome) return outcome;
  if (Outcome outcome = check_matrix("B", p.from_b, p.b.bytes()); !outcome) return outcome;
  const bool bias = p.operation.epilogue == CUBLASLT_EPILOGUE_BIAS;
  if (bias) {
    const auto bytes = sizeof(float) * static_cast<std::size_t>(p.c.rows);
    if (Outcome outcome = check_matrix("the bias", p.operation.bias, bytes); !outcome) return outcome;
  }
  const bool ta = p.operation.transpose_a == CUBLAS_OP_T, tb = p.operation.transpose_b == CUBLAS_OP_T;
  const bool tf32 = p.operation.compute == CUBLAS_COMPUTE_32F_FAST_TF32;
  const std::int64_t k = ta ? p.a.rows : p.a.cols;
  for (std::int64_t col = 0; col < p.c.cols; ++col) {
    for (std::int64_t row = 0; row < p.c.rows; ++row) {
      float sum = 0.0f;
      for (std::int64_t i = 0; i < k; ++i) {
        const std::int64_t at = p.backwards ? k - 1 - i : i;
        sum += value_of(p.from_a, p.a, ta, tf32, row, at) * value_of(p.from_b, p.b, tb, tf32, at, col);
      }
      float& to = p.to[row + p.c.leading * col];
      to = p.alpha * sum + (p.beta == 0.0f ? 0.0f : p.beta * to) + (bias ? p.operation.bias[row] : 0.0f);
    }
    mark_written(p.to + p.c.leading * col, static_cast<std::size_t>(p.c.rows) * sizeof(float));
  }
  note_columns(p.from_a, p.a, false);
  note_columns(p.from_b, p.b, false);
  note_columns(p.to, p.c, true);
  return {};
}

bool fits(const LtOperation& operation, const LtLayout& a, const LtLayout& b, const LtLayout& c) {
  const bool ta = operation.transpose_a == CUBLAS_OP_T, tb = operation.transpose_b == CUBLAS_OP_T;
  return (ta ? a.cols : a.rows) == c.rows && (tb ? b.rows : b.cols) == c.cols &&
         (ta ? a.rows : a.cols) == (tb ? b.cols : b.rows) && a.type == b.type && c.type == CUDA_R_32F &&
         a.leading >= a.rows && b.leading >= b.rows && c.leading >= c.rows;
}

}  // namespace
}  // namespace elbo::emulation

using namespace elbo::emulation;

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  *handle = new Lt;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* operation, cublasComputeType_t compute,
                                        cudaDataType_t scale) {
  if (scale != CUDA_R_32F) return CUBLAS_STATUS_NOT_SUPPORTED;
  *operation = new LtOperation{compute};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t operation) {
  delete operation;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t operation,
                                              cublasLtMatmulDescAttributes_t attribute, const void* value,
                                              std::size_t bytes) {
  void* to = nullptr;
  std::size_t wanted = sizeof(std::int32_t);
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      to = &operation->transpose_a;
      break;
    case CUBLASLT_MATMUL_DESC_TRANSB:
      to = &operation->transpose_b;
      break;
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      to = &operation->epilogue;
      break;
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      to = &operation->bias;
      wanted = sizeof operation->bias;
      break;
  }
  if (!to || bytes != wanted) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(to, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType_t type,
                                          std::uint64_t rows, std::uint64_t cols, std::int64_t leading) {
  *layout = new LtLayout{type, static_cast<std::int64_t>(rows), static_cast<std::int64_t>(cols), leading};
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  delete layout;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  *preference = new LtPreference;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  delete preference;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void* value, std::size_t bytes) {
  const int first = CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES;
  const bool size = attribute == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES;
  if (bytes != (size ? sizeof(std::uint64_t) : sizeof(std::uint32_t))) return CUBLAS_STATUS_INVALID_VALUE;
  if (attribute >= first) std::memcpy(&preference->alignment[attribute - first], value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t,
                                              cublasLtMatmulPreference_t preference, int max_count,
                                              cublasLtMatmulHeuristicResult_t* results, int* count) {
  *count = 0;
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!fits(*operation, *a, *b, *c)) return CUBLAS_STATUS_INVALID_VALUE;
  for (const std::uint32_t alignment : preference->alignment) {
    if (alignment < 16) return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  for (; *count < max_count && *count < 2; ++*count) {
    results[*count] = {};
    results[*count].algo.data[0] = static_cast<std::uint64_t>(*count);
    results[*count].state = CUBLAS_STATUS_SUCCESS;
  }
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation, const void* alpha,
                              const void* a, cublasLtMatrixLayout_t layout_a, const void* b,
                              cublasLtMatrixLayout_t layout_b, const void* beta, const void* c,
                              cublasLtMatrixLayout_t layout_c, void* d, cublasLtMatrixLayout_t,
                              const cublasLtMatmulAlgo_t* algorithm, void* workspace,
                              std::size_t workspace_bytes, cudaStream_t stream) {
  const std::lock_guard guard(lock());
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  const bool room = workspace_bytes == 0 || Heap::instance().covers(workspace, workspace_bytes);
  if (c != d || !room || !fits(*operation, *layout_a, *layout_b, *layout_c))
    return CUBLAS_STATUS_INVALID_VALUE;
  const Gemm gemm{*operation,
                  *layout_a,
                  *layout_b,
                  *layout_c,
                  a,
                  b,
                  static_cast<float*>(d),
                  *static_cast<const float*>(alpha),
                  *static_cast<const float*>(beta),
                  algorithm->data[0] == 1};
  const Outcome outcome = submit(stream, "cublasLtMatmul", [gemm] { return multiply(gemm); });
  if (outcome) return CUBLAS_STATUS_SUCCESS;
  finish(outcome);
  return CUBLAS_STATUS_EXECUTION_FAILED;
}
