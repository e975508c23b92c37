// The stand-in for cuBLAS.

#include <cublas_v2.h>

#include <string>

#include "checker.h"
#include "footprint.h"
#include "heap.h"
#include "sgemm.h"
#include "stream.h"

namespace elbo::emulation {

struct Blas {
  Stream* stream = nullptr;
};

namespace {

thread_local std::string last_failure;

struct Gemm {
  bool transpose_a, transpose_b;
  int m, n, k;
  float alpha;
  const float* a;
  int lda;
  const float* b;
  int ldb;
  float beta;
  float* c;
  int ldc;
};

/// [rows, cols], column-major.
Outcome check_matrix(const char* name, const float* data, int rows, int cols, int stride) {
  const std::size_t values =
      static_cast<std::size_t>(stride) * static_cast<std::size_t>(cols - 1) + static_cast<std::size_t>(rows);
  // Opens the memory here, as the product's threads are not a kernel's.
  if (Heap::instance().covers(data, values * sizeof(float)) && Heap::instance().admit(data)) return {};
  return failure(cudaErrorIllegalAddress, "cublasSgemm: ", name, ", ", rows, " by ", cols,
                 " with leading dimension ", stride, ", is not within one live device allocation: it begins ",
                 Heap::instance().describe(data));
}

void note_columns(const float* data, int rows, int cols, int stride, bool write) {
  for (int column = 0; column < cols; ++column) {
    note_access(data + static_cast<std::ptrdiff_t>(column) * stride,
                static_cast<std::size_t>(rows) * sizeof(float), write);
  }
}

Outcome multiply(const Gemm& p) {
  if (Outcome outcome = check_matrix("C", p.c, p.m, p.n, p.ldc); !outcome) return outcome;
  if (p.k > 0) {
    const Outcome a =
        p.transpose_a ? check_matrix("A", p.a, p.k, p.m, p.lda) : check_matrix("A", p.a, p.m, p.k, p.lda);
    if (!a) return a;
    const Outcome b =
        p.transpose_b ? check_matrix("B", p.b, p.n, p.k, p.ldb) : check_matrix("B", p.b, p.k, p.n, p.ldb);
    if (!b) return b;
  }
  sgemm(p.m, p.n, p.k, p.alpha, {p.a, p.lda, p.transpose_a}, {p.b, p.ldb, p.transpose_b}, p.beta, p.c, p.ldc);
  for (int column = 0; column < p.n; ++column) {
    mark_written(p.c + static_cast<std::ptrdiff_t>(column) * p.ldc,
                 static_cast<std::size_t>(p.m) * sizeof(float));
  }
  note_columns(p.a, p.transpose_a ? p.k : p.m, p.transpose_a ? p.m : p.k, p.lda, false);
  note_columns(p.b, p.transpose_b ? p.n : p.k, p.transpose_b ? p.k : p.n, p.ldb, false);
  note_columns(p.c, p.m, p.n, p.ldc, true);
  return {};
}

}  // namespace
}  // namespace elbo::emulation

using namespace elbo::emulation;

const char* cublasGetStatusName(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
  }
  return "CUBLAS_STATUS_UNKNOWN";
}

const char* cublasGetStatusString(cublasStatus_t status) {
  return last_failure.empty() ? cublasGetStatusName(status) : last_failure.c_str();
}

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  *handle = new Blas;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasGetVersion(cublasHandle_t, int* version) {
  *version = 0;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetWorkspace(cublasHandle_t, void* workspace, std::size_t bytes) {
  return Heap::instance().covers(workspace, bytes) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}
cublasStatus_t cublasSetMathMode(cublasHandle_t, cublasMath_t) {
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasSetAtomicsMode(cublasHandle_t, cublasAtomicsMode_t) {
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSgemm(cublasHandle_t handle, cublasOperation_t transpose_a,
                           cublasOperation_t transpose_b, int m, int n, int k, const float* alpha,
                           const float* a, int lda, const float* b, int ldb, const float* beta, float* c,
                           int ldc) {
  const std::lock_guard guard(lock());
  const bool ta = transpose_a == CUBLAS_OP_T;
  const bool tb = transpose_b == CUBLAS_OP_T;
  last_failure.clear();
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  const auto fits = [](int stride, int rows) { return stride >= (rows > 1 ? rows : 1); };
  if (m < 0 || n < 0 || k < 0 || !fits(lda, ta ? k : m) || !fits(ldb, tb ? n : k) || !fits(ldc, m)) {
    last_failure = "cublasSgemm: a negative size, or a leading dimension less than the rows";
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (m == 0 || n == 0) return CUBLAS_STATUS_SUCCESS;
  const Gemm gemm{ta, tb, m, n, k, *alpha, a, lda, b, ldb, *beta, c, ldc};
  const Outcome outcome = submit(handle->stream, "cublasSgemm", [gemm] { return multiply(gemm); });
  if (outcome) return CUBLAS_STATUS_SUCCESS;
  last_failure = outcome.report;
  finish(outcome);
  return CUBLAS_STATUS_EXECUTION_FAILED;
}
