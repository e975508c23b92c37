#pragma once
// One case of an op serves its test, gradient check and benchmark.
//
// A case (tests/cases/<op>.h) is a small struct of shapes and options, with
//   std::string name() const;        // letters, digits and _: part of the names of tests and benchmarks
// double flops() const; // of one run; 0 if arithmetic does not limit the op
//   double bytes() const;            // every input read once, every output written once
// void bind(OpRun& run) const; // declares inputs and outputs, then sets run.operation
// so that a test is EXPECT_OP(case) and a benchmark is bench::add("op", case) (bench/support.h).

#include <gtest/gtest.h>

#include <concepts>
#include <functional>
#include <initializer_list>
#include <memory>
#include <ostream>
#include <string>
#include <type_traits>
#include <vector>

#include "support/device.h"
#include "support/guarded_buffer.h"
#include "support/random.h"
#include "support/tolerance.h"

namespace elbo::test {

/// What GoogleTest prints of a case, for every test at every start: its name, in place of all its bytes.
template <class Case>
requires requires(const Case& op_case) {
  { op_case.name() } -> std::convertible_to<std::string>;
}
void PrintTo(const Case& op_case, std::ostream* out) {
  *out << op_case.name();
}

/// The tensors and the call of one case, on a device.
class OpRun {
 public:
  explicit OpRun(Context& context, Placement placement = {}) : context_(context), placement_(placement) {}

  Context& context() { return context_; }

  /// An input [rows, cols] with the placement's padding and misalignment. The op must not change it.
  template <class T>
  MatrixView<const T> input(const std::string& name, std::int64_t rows, std::int64_t cols,
                            std::vector<T> values) {
    return add<T>({name, rows, cols, std::move(values), {}, {}}, placement_).matrix();
  }
  /// An input [rows, cols] without padding, where a contract requires contiguous memory.
  template <class T>
  MatrixView<const T> dense_input(const std::string& name, std::int64_t rows, std::int64_t cols,
                                  std::vector<T> values) {
    return add<T>({name, rows, cols, std::move(values), {}, {}}, unpadded()).matrix();
  }
  template <class T>
  VectorView<const T> input(const std::string& name, std::vector<T> values) {
    const auto size = static_cast<std::int64_t>(values.size());
    return add<T>({name, 1, size, std::move(values), {}, {}}, unpadded()).vector();
  }

  /// `reference` gives the expected values in float64; only check() calls it, never a benchmark. `initial`
  /// has the tensor's values before the run ("+=", in place); without it, NaN.
  using Reference = std::function<std::vector<double>()>;
  template <class T>
  MatrixView<T> output(const std::string& name, std::int64_t rows, std::int64_t cols, Reference reference,
                       Tolerance tolerance, std::vector<T> initial = {}) {
    return add<T>({name, rows, cols, std::move(initial), std::move(reference), tolerance}, placement_)
        .matrix();
  }
  template <class T>
  MatrixView<T> dense_output(const std::string& name, std::int64_t rows, std::int64_t cols,
                             Reference reference, Tolerance tolerance, std::vector<T> initial = {}) {
    return add<T>({name, rows, cols, std::move(initial), std::move(reference), tolerance}, unpadded())
        .matrix();
  }
  template <class T>
  VectorView<T> output(const std::string& name, std::int64_t size, Reference reference, Tolerance tolerance,
                       std::vector<T> initial = {}) {
    return add<T>({name, 1, size, std::move(initial), std::move(reference), tolerance}, unpadded()).vector();
  }

  /// Working memory of the op; its contents afterwards do not matter.
  template <class T>
  MatrixView<T> scratch(const std::string& name, std::int64_t rows, std::int64_t cols) {
    return add<T>({name, rows, cols, {}, {}, {}, true}, unpadded()).matrix();
  }

  /// The call under test; it captures the views.
  std::function<void(Context&)> operation;

  void run() { operation(context_); }
  /// Restores every tensor's initial contents.
  void reset() {
    for (auto& tensor : tensors_) tensor->reset();
  }
  /// Adds a failure for each wrong output, each changed input and each overwritten sentinel.
  void check() {
    for (auto& tensor : tensors_) tensor->check();
  }
  /// The bytes of all tensors.
  std::vector<std::vector<std::byte>> bytes() {
    std::vector<std::vector<std::byte>> all;
    for (auto& tensor : tensors_) all.push_back(tensor->bytes());
    return all;
  }

 private:
  template <class T>
  struct Description {
    std::string name;
    std::int64_t rows, cols;
    std::vector<T> values;  ///< before the run
    Reference reference;    ///< empty for inputs
    Tolerance tolerance;
    bool scratch = false;
  };

  struct Tensor {
    virtual ~Tensor() = default;
    virtual void reset() = 0;
    virtual void check() = 0;
    virtual std::vector<std::byte> bytes() = 0;
  };

  template <class T>
  struct TypedTensor : Tensor {
    TypedTensor(Context& context, Description<T> what, Placement placement)
        : description(std::move(what)), buffer(context, description.rows, description.cols, placement) {
      reset();
    }
    void reset() override {
      if (description.values.empty()) return buffer.blank();
      buffer.upload(description.values);
    }
    void check() override {
      const auto values = buffer.to_host();
      EXPECT_TRUE(buffer.intact()) << description.name;
      if constexpr (std::is_arithmetic_v<T>) {
        if (description.reference) {
          EXPECT_TRUE(near_all<T>(values, description.reference(), description.tolerance, description.cols))
              << description.name;
        }
      }
      if (!description.reference && !description.scratch) {
        const std::size_t size = sizeof(T) * values.size();
        EXPECT_TRUE(size == 0 || std::memcmp(values.data(), description.values.data(), size) == 0)
            << "the input " << description.name << " was changed";
      }
    }
    std::vector<std::byte> bytes() override {
      const auto values = buffer.to_host();
      const auto* begin = reinterpret_cast<const std::byte*>(values.data());
      return {begin, begin + sizeof(T) * values.size()};
    }

    Description<T> description;
    GuardedBuffer<T> buffer;
  };

  Placement unpadded() const { return {0, placement_.misalignment}; }

  template <class T>
  GuardedBuffer<T>& add(Description<T> description, Placement placement) {
    auto tensor = std::make_unique<TypedTensor<T>>(context_, std::move(description), placement);
    auto& buffer = tensor->buffer;
    tensors_.push_back(std::move(tensor));
    return buffer;
  }

  Context& context_;
  Placement placement_;
  std::vector<std::unique_ptr<Tensor>> tensors_;
};

template <class C>
concept OpCase = requires(const C& c, OpRun& run) {
  { c.name() } -> std::convertible_to<std::string>;
  { c.flops() } -> std::convertible_to<double>;
  { c.bytes() } -> std::convertible_to<double>;
  c.bind(run);
};

/// Runs a case on the device under test: dense and aligned; then strided and misaligned. Each result must
/// match its reference, leave sentinels intact and have the same bits when repeated.
template <OpCase Case>
void expect_op(const Case& op_case, std::initializer_list<Placement> placements = {{0, 0}, {3, 1}}) {
  Context context(device());
  for (const Placement& placement : placements) {
    SCOPED_TRACE(op_case.name() + " padding " + std::to_string(placement.row_padding) + " misalignment " +
                 std::to_string(placement.misalignment));
    OpRun run(context, placement);
    op_case.bind(run);
    run.run();
    run.check();
    const auto once = run.bytes();
    run.reset();
    run.run();
    EXPECT_TRUE(run.bytes() == once) << "a second run gave other bits";
  }
}

/// For INSTANTIATE_TEST_SUITE_P: names each test by its case.
struct CaseName {
  template <class Info>
  std::string operator()(const Info& info) const {
    return info.param.name();
  }
};

}  // namespace elbo::test

/// expect_op, skipped if the device under test is not present.
#define EXPECT_OP(...)                    \
  do {                                    \
    ELBO_REQUIRE_DEVICE();                \
    ::elbo::test::expect_op(__VA_ARGS__); \
  } while (false)
