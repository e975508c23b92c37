// The stand-ins for cuBLAS and cuRAND.

#include <cublas_v2.h>
#include <curand_kernel.h>
#include <gtest/gtest.h>

#include <cmath>

#include "emulation/says.h"
#include "runtime/buffer.h"
#include "runtime/cuda_state.h"

namespace elbo::test {
namespace {

struct Gemm {
  bool transpose_a, transpose_b;
  int m, n, k;
  float alpha, beta;
};

class EmulatedBlas : public testing::TestWithParam<Gemm> {};

TEST_P(EmulatedBlas, MatchesTheDefinition) {
  const auto [ta, tb, m, n, k, alpha, beta] = GetParam();
  const int lda = (ta ? k : m) + 2, ldb = (tb ? n : k) + 1, ldc = m + 3;
  const auto filled = [](int size, int seed) {
    std::vector<float> values(static_cast<std::size_t>(size));
    for (int i = 0; i < size; ++i)
      values[static_cast<std::size_t>(i)] = static_cast<float>((i * 31 + seed) % 17 - 8);
    return values;
  };
  const auto a = filled(lda * (ta ? m : k), 1), b = filled(ldb * (tb ? k : n), 5);
  auto c = filled(ldc * n, 9);
  Context context(Device::cuda(0));
  Buffer<float> da(context, std::span<const float>(a)), db(context, std::span<const float>(b)),
      dc(context, std::span<const float>(c));
  ELBO_CUDA_CHECK(cublasSgemm(context.cuda().blas, ta ? CUBLAS_OP_T : CUBLAS_OP_N,
                              tb ? CUBLAS_OP_T : CUBLAS_OP_N, m, n, k, &alpha, da.data(), lda, db.data(), ldb,
                              &beta, dc.data(), ldc));
  for (int row = 0; row < m; ++row) {
    for (int col = 0; col < n; ++col) {
      float sum = 0.0f;  // exact: small integers
      for (int i = 0; i < k; ++i) {
        sum += a[static_cast<std::size_t>(ta ? i + lda * row : row + lda * i)] *
               b[static_cast<std::size_t>(tb ? col + ldb * i : i + ldb * col)];
      }
      float& to = c[static_cast<std::size_t>(row + ldc * col)];
      to = alpha * sum + (beta == 0.0f ? 0.0f : beta * to);
    }
  }
  EXPECT_EQ(dc.to_host(), c);
}

INSTANTIATE_TEST_SUITE_P(Shapes, EmulatedBlas,
                         testing::Values(Gemm{false, false, 3, 4, 5, 1, 0}, Gemm{true, false, 3, 4, 5, 1, 1},
                                         Gemm{false, true, 3, 4, 5, 2, 0}, Gemm{true, true, 3, 4, 5, 1, 0.5f},
                                         Gemm{false, false, 1, 1, 1, 1, 0},
                                         Gemm{true, false, 17, 33, 20, 1, 0},
                                         Gemm{false, false, 2, 3, 0, 1, 2}));

TEST(EmulatedBlasErrors, AreReported) {
  Context context(Device::cuda(0));
  Buffer<float> a(context, 12), c(context, 11);
  const float one = 1.0f, zero = 0.0f;
  const auto gemm = [&](float* to, int lda) {
    return cublasSgemm(context.cuda().blas, CUBLAS_OP_N, CUBLAS_OP_N, 3, 4, 4, &one, a.data(), lda, a.data(),
                       4, &zero, to, 3);
  };
  EXPECT_EQ(gemm(c.data(), 2), CUBLAS_STATUS_INVALID_VALUE);
  ASSERT_EQ(gemm(c.data(), 3), CUBLAS_STATUS_SUCCESS);
  EXPECT_TRUE(
      says(cudaGetErrorString(cudaStreamSynchronize(context.cuda().stream)), {"cublasSgemm: C, 3 by 4"}));
  std::vector<float> host(12);
  ASSERT_EQ(gemm(host.data(), 3), CUBLAS_STATUS_SUCCESS);
  EXPECT_TRUE(says(cudaGetErrorString(cudaStreamSynchronize(context.cuda().stream)), {"host memory"}));
}

// Made by the toolkit's own curand_kernel.h.
struct Known {
  unsigned long long seed, subsequence, offset;
  unsigned words[4];
};
constexpr Known kKnown[] = {
    {0x0u, 0x0u, 0x0u, {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}},
    {0x7u, 0x200000000000003u, 0x0u, {0x3beefd8eu, 0xe0ddd4d2u, 0xd4df056bu, 0xbf0f7f14u}},
    {0x7u, 0x200000000000003u, 0x14000024u, {0x654bffcu, 0x3c72ccb2u, 0xa9379c2u, 0x7a7bf665u}},
    {0x123456789abcdef0u, 0x1u, 0x1u, {0x26fc076cu, 0x74ce119eu, 0x54e7cb63u, 0xeace5522u}},
    {0x8u, 0x3u, 0x2u, {0xbc13bdf3u, 0xdaa9c4e4u, 0xd3900972u, 0xad87aec8u}},
    {0x8u, 0x3u, 0x3u, {0xdaa9c4e4u, 0xd3900972u, 0xad87aec8u, 0x91d6318du}},
    {0x100000000u,
     0xffffffffffffffffu,
     0x8000000000000004u,
     {0xccc5a55u, 0x30c08758u, 0xc05a7166u, 0x710ca949u}},
    {0x2au, 0x5u, 0x400000007u, {0x3162146u, 0xfaac337cu, 0xaf30f93au, 0x990852d7u}},
};

TEST(EmulatedRandom, IsCurand) {
  for (const Known& known : kKnown) {
    curandStatePhilox4_32_10_t four, one;
    curand_init(known.seed, known.subsequence, known.offset, &four);
    curand_init(known.seed, known.subsequence, known.offset, &one);
    const uint4 words = curand4(&four);
    EXPECT_EQ(words.x, known.words[0]) << known.seed << ' ' << known.subsequence << ' ' << known.offset;
    EXPECT_EQ(words.y, known.words[1]);
    EXPECT_EQ(words.z, known.words[2]);
    EXPECT_EQ(words.w, known.words[3]);
    for (const unsigned word : known.words) EXPECT_EQ(curand(&one), word);
  }
}

}  // namespace
}  // namespace elbo::test
