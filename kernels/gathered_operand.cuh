#pragma once
// Operands of products that are not stored as a matrix: a source gives the place of each value, and whether
// it exists. Values that do not exist are zero.
//
// A Source is a trivially copyable struct with
//   const float* data;
// bool quads; whether four neighbouring columns are four neighbouring floats, which all exist or all do not,
// at a
//                 multiple of 16 bytes, and rows have a multiple of four
//   Row row(std::uint32_t i) const;   Col col(std::uint32_t j) const;
//   bool exists(const Row&, const Col&) const;
// and the value (i, j) at data[row(i).offset + col(j).offset]. Its rows and columns are those of the matrix
// that it represents, so a stage is filled row by row as from memory.

#include <type_traits>

#include "gemm_tile.cuh"

namespace elbo::cuda {

/// A thread's share of copying a source's stages to shared memory. See OperandCopier.
template <class Source, class T, int kExtent, Along kAlong>
class GatheringCopier {
 public:
  using Shared = SharedOperand<T, kExtent, kAlong>;
  static constexpr bool kAlongK = Shared::kAlongK;
  static constexpr int kAcross = Shared::kCols / 4;
  static constexpr int kDown = T::kThreads / kAcross;  ///< rows between a thread's copies
  static constexpr int kCopies = Shared::kRows / kDown;
  static_assert(T::kThreads % kAcross == 0 && Shared::kRows % kDown == 0, "every thread moves as many");

  /// Stages begin at `first_k` and follow each other. Values beyond `end_k` are zero; values beyond the
  /// extent are arbitrary. `from` is the kernel's argument and must stay valid.
  template <class From>
  __device__ GatheringCopier(const From& from, std::int64_t first, std::int64_t first_k, std::int64_t end_k)
      : source_(from.source),
        in_row_(static_cast<int>(threadIdx.x) / kAcross),
        in_col_(static_cast<int>(threadIdx.x) % kAcross * 4) {
    const auto extent = static_cast<std::uint32_t>(from.extent), end = static_cast<std::uint32_t>(end_k);
    rows_ = kAlongK ? extent : end;
    cols_ = kAlongK ? end : extent;
    row_ = static_cast<std::uint32_t>(kAlongK ? first : first_k) + in_row_;
    col_ = static_cast<std::uint32_t>(kAlongK ? first_k : first) + in_col_;
    if constexpr (kAlongK) {
      ELBO_UNROLL
      for (int i = 0; i < kCopies; ++i) kept_[i] = source_.row(last_but(row_ + i * kDown, rows_));
    } else {
      kept_[0] = source_.col(last_but(col_, cols_));
    }
  }

  /// Copies the next stage.
  template <class Copies>
  __device__ void copy(Copies& copies, Shared& to) {
    if (source_.quads) {
      copy_quads(copies, to);
    } else {
      copy_words(copies, to);
    }
    (kAlongK ? col_ : row_) += T::kDepth;
  }

 private:
  using Row = decltype(Source().row(0));
  using Col = decltype(Source().col(0));
  /// The part kept from stage to stage: along k a thread's rows, else its columns.
  using Kept = std::conditional_t<kAlongK, Row, Col>;

  static __device__ std::uint32_t last_but(std::uint32_t index, std::uint32_t count) {
    return index < count ? index : count > 0 ? count - 1 : 0;
  }

  template <class Copies>
  __device__ void copy_quad(Copies& copies, float* to, const Row& row, const Col& col, bool there) const {
    const bool exists = there && source_.exists(row, col);
    copies.copy4(to, exists ? source_.data + (row.offset + col.offset) : source_.data, exists ? 4 : 0);
  }

  template <class Copies>
  __device__ void copy_quads(Copies& copies, Shared& to) const {
    if constexpr (kAlongK) {
      const bool there = col_ < cols_;
      const Col col = source_.col(last_but(col_, cols_));
      ELBO_UNROLL
      for (int i = 0; i < kCopies; ++i)
        copy_quad(copies, &to.values[in_row_ + i * kDown][in_col_], kept_[i], col, there);
    } else {
      ELBO_UNROLL
      for (int i = 0; i < kCopies; ++i) {
        const std::uint32_t row = row_ + i * kDown;
        copy_quad(copies, &to.values[in_row_ + i * kDown][in_col_], source_.row(last_but(row, rows_)),
                  kept_[0], row < rows_ && col_ < cols_);
      }
    }
  }

  template <class Copies>
  __device__ void copy_words(Copies& copies, Shared& to) const {
    ELBO_UNROLL
    for (int i = 0; i < kCopies; ++i) {
      float* const quad = &to.values[in_row_ + i * kDown][in_col_];
      if constexpr (kAlongK) {
        copy_four(copies, quad, kept_[i], true);
      } else {
        const std::uint32_t row = row_ + i * kDown;
        copy_four(copies, quad, source_.row(last_but(row, rows_)), row < rows_);
      }
    }
  }

  template <class Copies>
  __device__ void copy_four(Copies& copies, float* to, const Row& row, bool there) const {
    ELBO_KEEP_LOOP
    for (int j = 0; j < 4; ++j) {
      const Col col = source_.col(last_but(col_ + j, cols_));
      const bool exists = there && col_ + j < cols_ && source_.exists(row, col);
      copies.copy1(to + j, exists ? source_.data + (row.offset + col.offset) : source_.data, exists);
    }
  }

  const Source& source_;
  std::uint32_t row_, col_, rows_, cols_;  ///< the thread's first quad of the next stage, and their limits
  int in_row_, in_col_;
  Kept kept_[kAlongK ? kCopies : 1];
};

/// An operand from a source. Rows, columns and offsets are below 2³¹.
template <class SourceIs>
struct GatheredOperand {
  using Source = SourceIs;
  template <class T, int kExtent, Along kAlong>
  using Copier = GatheringCopier<Source, T, kExtent, kAlong>;

  Source source;
  std::int64_t extent;
};

}  // namespace elbo::cuda
