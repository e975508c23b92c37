// Builds a batch in one pass: four neighbouring values per thread, which share one block of noise.

#include "ops/gather_batch.h"

#include <algorithm>

#include "memory.cuh"
#include "noise.cuh"
#include "platform.cuh"

namespace elbo::cuda {
namespace {

constexpr std::int64_t kMaxThreads = 256;

using ops::GatherSource;
using ops::GatherTarget;
using ops::Preprocess;

/// Four bytes of which the first `count` exist.
__device__ float4 load_bytes(const std::uint8_t* from, std::int64_t count) {
  if (count >= 4 && reinterpret_cast<std::uintptr_t>(from) % 4 == 0) {
    const uchar4 bytes = *reinterpret_cast<const uchar4*>(from);
    return {static_cast<float>(bytes.x), static_cast<float>(bytes.y), static_cast<float>(bytes.z),
            static_cast<float>(bytes.w)};
  }
  const auto at = [&](std::int64_t j) { return j < count ? static_cast<float>(from[j]) : 0.0f; };
  return {at(0), at(1), at(2), at(3)};
}

/// The values of columns [j, j + 4) of a sparse row; those that are not stored are 0.
__device__ float4 load_sparse(const ops::SparseMatrix& sparse, std::int64_t row, std::int64_t j) {
  std::int64_t low = sparse.starts.data[row], high = sparse.starts.data[row + 1];
  const std::int64_t end = high;
  while (low < high) {  // the first column that is not below j
    const std::int64_t middle = low + (high - low) / 2;
    if (sparse.columns.data[middle] < j) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  float4 values = {0.0f, 0.0f, 0.0f, 0.0f};
  for (; low < end && sparse.columns.data[low] < j + 4; ++low) {
    const float value = sparse.values.data[low];
    const std::int64_t place = sparse.columns.data[low] - j;
    if (place == 0) values.x = value;
    if (place == 1) values.y = value;
    if (place == 2) values.z = value;
    if (place == 3) values.w = value;
  }
  return values;
}

__device__ float4 load_source(const GatherSource& source, std::int64_t example, std::int64_t j,
                              std::int64_t count) {
  if (source.bytes.data) return load_bytes(source.bytes.data + example * source.bytes.stride + j, count);
  if (!source.sparse.empty()) return load_sparse(source.sparse, example, j);
  const float* from = source.values.data + example * source.values.stride + j;
  return load4(from, count, aligned16(from));
}

/// Row `position` of the epoch's order as a row of the dataset; −1 if there is no such row.
__device__ std::int64_t example_at(const GatherSource& source, std::int64_t position) {
  const std::int64_t examples = source.examples();
  const std::int64_t order = source.permutation.data ? source.permutation.size : examples;
  if (position < 0 || position >= order) return -1;
  const std::int64_t example = source.permutation.data ? source.permutation.data[position] : position;
  return example >= 0 && example < examples ? example : -1;
}

/// One value; `word` is its noise, `j` its column.
__device__ float preprocess_value(float raw, const Preprocess& p, unsigned word, std::int64_t j) {
  float value = fmaf(raw, p.scale, p.offset);
  if (p.binarize == Binarize::threshold) value = value > p.threshold ? 1.0f : 0.0f;
  if (p.binarize == Binarize::dynamic) value = math::uniform(word) < value ? 1.0f : 0.0f;
  if (p.mean.data) value -= p.mean.data[j];
  if (p.inverse_deviation.data) value *= p.inverse_deviation.data[j];
  return isnan(raw) ? 0.0f : value;
}

/// The words of the four columns from j on, a multiple of four.
__device__ math::PhiloxWords<std::uint32_t> noise_words(const Preprocess& p, std::int64_t example,
                                                        std::int64_t j) {
  const std::uint64_t time = p.noise.time ? *p.noise.time : 0;
  return curand_words(p.noise.seed, math::noise_subsequence(NoisePurpose::binarize, example),
                      math::noise_block(time, j));
}

/// Block = row · chunks + chunk; a chunk is four columns for each thread.
__global__ void __launch_bounds__(kMaxThreads)
    gather_kernel(GatherTarget target, GatherSource source, Preprocess preprocess, const StepState* state,
                  std::int64_t chunks) {
  const std::int64_t row = blockIdx.x / chunks;
  const std::int64_t j = 4 * (blockIdx.x % chunks * blockDim.x + threadIdx.x);
  const std::int64_t count = target.x.cols - j;
  const std::int64_t example = example_at(source, (state ? state->cursor : 0) + row);
  if (j == 0 && target.examples.data) target.examples.data[row] = example;
  if (count <= 0) return;  // no barrier follows

  float* x = target.x.data + row * target.x.stride + j;
  float4 value, present = {1.0f, 1.0f, 1.0f, 1.0f};
  if (example < 0) {
    const float nan = nanf("");
    value = {nan, nan, nan, nan};
  } else {
    const float4 raw = load_source(source, example, j, count);
    math::PhiloxWords<std::uint32_t> words{};
    if (preprocess.binarize == Binarize::dynamic) words = noise_words(preprocess, example, j);
    // Columns beyond the row are neither computed nor stored, as mean and deviation end with it.
    value.x = preprocess_value(raw.x, preprocess, words.word[0], j);
    value.y = count > 1 ? preprocess_value(raw.y, preprocess, words.word[1], j + 1) : 0.0f;
    value.z = count > 2 ? preprocess_value(raw.z, preprocess, words.word[2], j + 2) : 0.0f;
    value.w = count > 3 ? preprocess_value(raw.w, preprocess, words.word[3], j + 3) : 0.0f;
    present = {isnan(raw.x) ? 0.0f : 1.0f, isnan(raw.y) ? 0.0f : 1.0f, isnan(raw.z) ? 0.0f : 1.0f,
               isnan(raw.w) ? 0.0f : 1.0f};
  }
  store4(x, value, count, aligned16(x));
  if (target.mask.data) {
    float* mask = target.mask.data + row * target.mask.stride + j;
    store4(mask, present, count, aligned16(mask));
  }
}

}  // namespace

void gather_batch(Context& context, const GatherTarget& target, const GatherSource& source,
                  const Preprocess& preprocess, const StepState* state) {
  const std::int64_t quads = (target.x.cols + 3) / 4;
  const std::int64_t threads = std::clamp<std::int64_t>((quads + 31) / 32 * 32, 32, kMaxThreads);
  const std::int64_t chunks = std::max<std::int64_t>((quads + threads - 1) / threads, 1);
  launch(context.cuda(), LaunchShape{blocks_for(target.x.rows * chunks, 1), static_cast<unsigned>(threads)},
         gather_kernel, target, source, preprocess, state, chunks);
}

}  // namespace elbo::cuda
