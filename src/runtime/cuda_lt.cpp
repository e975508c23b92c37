#include "runtime/cuda_lt.h"

#include <cublasLt.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "runtime/blas_workspace.h"
#include "base/check.h"
#include "runtime/cuda_api.h"
#include "runtime/cuda_state.h"

namespace elbo {

/// The library's handle, and its heuristics' answers for earlier products: a query takes as long as many
/// products.
struct LtState {
  using Key = std::array<std::int64_t, 12>;

  cublasLtHandle_t handle = nullptr;
  std::map<Key, std::vector<cublasLtMatmulAlgo_t>> algorithms;
};

namespace cuda {
namespace {

constexpr int kMaxAlgorithms = 4;

/// Owns one of cuBLASLt's objects, with the function that destroys it.
template <class Handle, cublasStatus_t (*kDestroy)(Handle)>
class Owned {
 public:
  Owned() = default;
  ~Owned() {
    if (handle_) kDestroy(handle_);
  }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  Handle* place() { return &handle_; }
  Handle get() const { return handle_; }

 private:
  Handle handle_ = nullptr;
};

/// The largest power of two up to 256 that divides the address and the bytes between rows.
std::uint32_t alignment(const void* data, std::int64_t stride_bytes) {
  const auto bits = reinterpret_cast<std::uintptr_t>(data) | static_cast<std::uintptr_t>(stride_bytes) | 256u;
  return static_cast<std::uint32_t>(bits & (~bits + 1));
}

/// A product in cuBLASLt's terms. Its matrices are column-major: cᵀ = bᵀ aᵀ.
class Description {
 public:
  explicit Description(const LtGemm& p) : gemm_(p) {
    const cudaDataType_t type = p.bf16 ? CUDA_R_16BF : CUDA_R_32F;
    const auto compute = p.bf16 ? CUBLAS_COMPUTE_32F : CUBLAS_COMPUTE_32F_FAST_TF32;
    ELBO_CUDA_CHECK(cublasLtMatmulDescCreate(operation.place(), compute, CUDA_R_32F));
    set(CUBLASLT_MATMUL_DESC_TRANSA, p.b.along_k ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_TRANSB, p.a.along_k ? CUBLAS_OP_N : CUBLAS_OP_T);
    if (p.bias) {
      set(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
      set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, p.bias);
    }
    layout(first, type, p.b, p.n);
    layout(second, type, p.a, p.m);
    ELBO_CUDA_CHECK(cublasLtMatrixLayoutCreate(result.place(), CUDA_R_32F, static_cast<std::uint64_t>(p.n),
                                               static_cast<std::uint64_t>(p.m), p.c_stride));
  }

  std::vector<cublasLtMatmulAlgo_t> algorithms(cublasLtHandle_t handle, std::size_t workspace) const {
    Owned<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy> preference;
    ELBO_CUDA_CHECK(cublasLtMatmulPreferenceCreate(preference.place()));
    const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t what, auto value) {
      ELBO_CUDA_CHECK(cublasLtMatmulPreferenceSetAttribute(preference.get(), what, &value, sizeof value));
    };
    const std::int64_t width = gemm_.bf16 ? 2 : 4;
    prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<std::uint64_t>(workspace));
    // Splits are added up in separate memory, in order; in place, atomics would add them.
    prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
           static_cast<std::uint32_t>(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment(gemm_.b.data, width * gemm_.b.stride));
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment(gemm_.a.data, width * gemm_.a.stride));
    const std::uint32_t of_result = alignment(gemm_.c, 4 * gemm_.c_stride);
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, of_result);
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, of_result);
    std::array<cublasLtMatmulHeuristicResult_t, kMaxAlgorithms> found{};
    int count = 0;
    const cublasStatus_t status =
        cublasLtMatmulAlgoGetHeuristic(handle, operation.get(), first.get(), second.get(), result.get(),
                                       result.get(), preference.get(), kMaxAlgorithms, found.data(), &count);
    std::vector<cublasLtMatmulAlgo_t> algorithms;
    if (status == CUBLAS_STATUS_NOT_SUPPORTED) return algorithms;
    ELBO_CUDA_CHECK(status);
    for (const auto& one : std::span(found).first(static_cast<std::size_t>(count))) {
      if (one.state == CUBLAS_STATUS_SUCCESS && one.workspaceSize <= workspace)
        algorithms.push_back(one.algo);
    }
    return algorithms;
  }

  Owned<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy> operation;
  Owned<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy> first, second, result;

 private:
  template <class T>
  void set(cublasLtMatmulDescAttributes_t what, const T& value) {
    ELBO_CUDA_CHECK(cublasLtMatmulDescSetAttribute(operation.get(), what, &value, sizeof value));
  }
  void layout(Owned<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>& to, cudaDataType_t type,
              const LtGemm::Matrix& matrix, std::int64_t extent) {
    const auto k = static_cast<std::uint64_t>(gemm_.k), across = static_cast<std::uint64_t>(extent);
    ELBO_CUDA_CHECK(cublasLtMatrixLayoutCreate(to.place(), type, matrix.along_k ? k : across,
                                               matrix.along_k ? across : k, matrix.stride));
  }

  const LtGemm& gemm_;
};

const std::vector<cublasLtMatmulAlgo_t>& algorithms_of(CudaState& state, const LtGemm& p) {
  LtState& lt = *state.lt;
  const std::int64_t width = p.bf16 ? 2 : 4;
  const LtState::Key key = {p.m,
                            p.n,
                            p.k,
                            p.a.stride,
                            p.b.stride,
                            p.c_stride,
                            p.bf16 ? 1 : 0,
                            (p.a.along_k ? 2 : 0) + (p.b.along_k ? 1 : 0),
                            p.bias ? 1 : 0,
                            alignment(p.a.data, width * p.a.stride),
                            alignment(p.b.data, width * p.b.stride),
                            alignment(p.c, 4 * p.c_stride)};
  auto found = lt.algorithms.find(key);
  if (found == lt.algorithms.end()) {
    const std::size_t workspace = std::min(kLtWorkspace, state.blas_workspace_bytes);
    found = lt.algorithms.emplace(key, Description(p).algorithms(lt.handle, workspace)).first;
  }
  return found->second;
}

/// The first products make cuBLASLt load its kernels, which must not happen while a step is being captured.
void warm_up(CudaState& state) {
  constexpr std::int64_t kSize = 64, kMatrix = kSize * kSize;
  float* memory = nullptr;
  ELBO_CUDA_CHECK(cudaMalloc(&memory, 3 * kMatrix * sizeof(float)));
  const std::unique_ptr<float, decltype(&cudaFree)> owner(memory, &cudaFree);
  ELBO_CUDA_CHECK(cudaMemsetAsync(memory, 0, 3 * kMatrix * sizeof(float), state.stream));
  for (const bool bf16 : {false, true}) {
    for (const bool along_k : {true, false}) {
      LtGemm gemm;
      gemm.m = gemm.n = gemm.k = kSize;
      gemm.a = {memory, kSize, along_k};
      gemm.b = {memory + kMatrix, kSize, along_k};
      gemm.bf16 = bf16;
      gemm.c = memory + 2 * kMatrix;
      gemm.c_stride = kSize;
      if (lt_takes(state, gemm)) lt_multiply(state, gemm, 0);
    }
  }
  ELBO_CUDA_CHECK(cudaStreamSynchronize(state.stream));
}

}  // namespace

void open_lt(CudaState& state) {
  state.lt = new LtState;
  ELBO_CUDA_CHECK(cublasLtCreate(&state.lt->handle));
  warm_up(state);
}

void close_lt(CudaState& state) noexcept {
  if (!state.lt) return;
  if (state.lt->handle) cublasLtDestroy(state.lt->handle);
  delete state.lt;
}

bool lt_takes(CudaState& state, const LtGemm& gemm) {
  return !algorithms_of(state, gemm).empty();
}

void lt_multiply(CudaState& state, const LtGemm& gemm, int rank) {
  ELBO_CUDA_CHECK(cudaSetDevice(state.device));
  const auto& algorithms = algorithms_of(state, gemm);
  ELBO_CHECK(!algorithms.empty(), DeviceError, "cuBLASLt has no algorithm for a product");
  const auto last = static_cast<int>(algorithms.size()) - 1;
  const Description description(gemm);
  const float alpha = 1.0f, beta = gemm.add ? 1.0f : 0.0f;
  ELBO_CUDA_CHECK(cublasLtMatmul(
      state.lt->handle, description.operation.get(), &alpha, gemm.b.data, description.first.get(),
      gemm.a.data, description.second.get(), &beta, gemm.c, description.result.get(), gemm.c,
      description.result.get(), &algorithms[static_cast<std::size_t>(std::min(rank, last))],
      state.blas_workspace, std::min(kLtWorkspace, state.blas_workspace_bytes), state.stream));
}

}  // namespace cuda
}  // namespace elbo
