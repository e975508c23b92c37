#include "ops/cpu_matmul.h"

#include <omp.h>

#include <array>
#include <dnnl.hpp>
#include <cstddef>
#include <map>
#include <vector>

#include "runtime/check.h"

namespace elbo::ops::cpu {
namespace {

using dnnl::memory;

/// Everything a prepared product depends on.
struct ProductKey {
  std::int64_t m, n, k;
  std::int64_t a_stride, b_stride, c_stride;
  bool a_transposed, b_transposed, accumulate;
  int threads;

  auto operator<=>(const ProductKey&) const = default;
};

/// A product prepared for one shape. The memories are without data until a run lends them some.
struct Product {
  dnnl::matmul primitive;
  memory a, b, c, scratch;
  std::size_t scratch_bytes;
};

memory::desc layout(const Operand& operand) {
  const auto stride = operand.stored.stride;
  return {{operand.rows(), operand.cols()},
          memory::data_type::f32,
          operand.transposed ? memory::dims{1, stride} : memory::dims{stride, 1}};
}

/// A calling thread's prepared products and the scratch they share.
class ProductCache {
 public:
  void run(const ProductKey& key, MatrixView<float> c, const Operand& a, const Operand& b) {
    auto found = products_.find(key);
    if (found == products_.end()) {
      if (products_.size() >= kCapacity) products_.clear();
      found = products_.emplace(key, prepare(key, c, a, b)).first;
    }
    Product& product = found->second;
    if (scratch_.size() < product.scratch_bytes) scratch_.resize(product.scratch_bytes);
    lend(product.a, a.stored.data);
    lend(product.b, b.stored.data);
    lend(product.c, c.data);
    lend(product.scratch, scratch_.data());
    const std::array<dnnl_exec_arg_t, 4> arguments = {{{DNNL_ARG_SRC, product.a.get()},
                                                       {DNNL_ARG_WEIGHTS, product.b.get()},
                                                       {DNNL_ARG_DST, product.c.get()},
                                                       {DNNL_ARG_SCRATCHPAD, product.scratch.get()}}};
    dnnl::error::wrap_c_api(dnnl_primitive_execute(product.primitive.get(), stream_.get(),
                                                   static_cast<int>(arguments.size()), arguments.data()),
                            "a matrix product failed");
  }

 private:
  static constexpr std::size_t kCapacity = 256;  // far above the shapes of one model

  static void lend(memory& to, const void* data) { to.set_data_handle(const_cast<void*>(data)); }

  Product prepare(const ProductKey& key, MatrixView<float> c, const Operand& a, const Operand& b) {
    const auto a_layout = layout(a), b_layout = layout(b), c_layout = layout({c, false});
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    if (key.accumulate) {
      dnnl::post_ops sum;
      sum.append_sum();
      attributes.set_post_ops(sum);
    }
    const dnnl::matmul::primitive_desc description({a_layout, b_layout, c_layout}, attributes, engine_);
    const auto without_data = [&](const memory::desc& desc) {
      return memory(desc, engine_, DNNL_MEMORY_NONE);
    };
    return {dnnl::matmul(description),
            without_data(a_layout),
            without_data(b_layout),
            without_data(c_layout),
            without_data(description.scratchpad_desc()),
            description.scratchpad_desc().get_size()};
  }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::map<ProductKey, Product> products_;
  std::vector<std::byte> scratch_;
};

/// oneDNN takes the size of its team from OpenMP; this makes it the context's while a product runs.
class TeamSize {
 public:
  explicit TeamSize(int threads) : before_(omp_get_max_threads()) {
    if (threads != before_) omp_set_num_threads(threads);
  }
  ~TeamSize() { omp_set_num_threads(before_); }
  TeamSize(const TeamSize&) = delete;
  TeamSize& operator=(const TeamSize&) = delete;

 private:
  int before_;
};

}  // namespace

void matmul(Context& context, MatrixView<float> c, const Operand& a, const Operand& b, bool accumulate) {
  thread_local ProductCache cache;
  const TeamSize team(context.threads());
  const ProductKey key{c.rows,   c.cols,       a.cols(),     a.stored.stride, b.stored.stride,
                       c.stride, a.transposed, b.transposed, accumulate,      context.threads()};
  try {
    cache.run(key, c, a, b);
  } catch (const dnnl::error& failure) {
    throw DeviceError(concat("oneDNN could not multiply [", c.rows, ", ", a.cols(), "] by [", a.cols(), ", ",
                             c.cols, "]: ", failure.what()));
  }
}

}  // namespace elbo::ops::cpu
