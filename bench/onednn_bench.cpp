// Compares the products of a network's linear layers by elbo and by oneDNN, in turns: oneDNN's sgemm on
// row-major weights, and its inner products with bias and ReLU fused, on weights in its preferred blocked
// layout, which is the same for all three products, with memory allocated beforehand. This is why the CPU
// trains with elbo's products.

#include <cstdio>
#include <functional>
#include <unordered_map>
#include <vector>

#include <oneapi/dnnl/dnnl.hpp>

#include "bench_peaks.h"
#include "cases/linear.h"

namespace elbo::bench {
namespace {

/// Executes one oneDNN primitive on its own memory.
class Primitive {
 public:
  template <class Made>
  Primitive(const typename Made::primitive_desc& made, const dnnl::engine& engine, const Made&)
      : primitive_(made), stream_(engine) {
    const auto add = [&](int argument, const dnnl::memory::desc& desc) {
      if (desc.get_size() == 0) return;
      dnnl::memory memory(desc, engine);
      auto* values = static_cast<float*>(memory.get_data_handle());
      for (std::size_t i = 0; i < desc.get_size() / sizeof(float); ++i)
        values[i] = static_cast<float>(i % 97) / 97.0f;
      arguments_.emplace(argument, memory);
    };
    for (const int argument :
         {DNNL_ARG_SRC, DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_BIAS,
          DNNL_ARG_DIFF_BIAS, DNNL_ARG_DST, DNNL_ARG_DIFF_DST, DNNL_ARG_SCRATCHPAD}) {
      add(argument, made.query_md(dnnl::query::exec_arg_md, argument));
    }
  }
  void run() {
    primitive_.execute(stream_, arguments_);
    stream_.wait();
  }

 private:
  dnnl::primitive primitive_;
  dnnl::stream stream_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

/// A layer's three products by oneDNN's inner product.
struct InnerProducts {
  Primitive forward, backward_input, backward_params;

  static InnerProducts make(const test::LinearShape& s) {
    using namespace dnnl;
    using tag = memory::format_tag;
    const engine cpu(engine::kind::cpu, 0);
    const auto matrix = [](std::int64_t rows, std::int64_t cols, tag layout) {
      return memory::desc({rows, cols}, memory::data_type::f32, layout);
    };
    const auto x = matrix(s.n, s.in, tag::ab), y = matrix(s.n, s.out, tag::ab);
    const memory::desc b({s.out}, memory::data_type::f32, tag::a);
    primitive_attr own_memory, relu;
    own_memory.set_scratchpad_mode(scratchpad_mode::user);
    relu.set_scratchpad_mode(scratchpad_mode::user);
    post_ops ops;
    ops.append_eltwise(1.0f, algorithm::eltwise_relu, 0.0f, 0.0f);
    relu.set_post_ops(ops);
    const auto any = matrix(s.out, s.in, tag::any);
    const inner_product_forward::primitive_desc forward({prop_kind::forward_training, x, any, b, y}, relu,
                                                        cpu);
    const auto w = forward.weights_desc();
    const inner_product_forward::primitive_desc hint({prop_kind::forward_training, x, w, b, y}, cpu);
    return {{forward, cpu, inner_product_forward()},
            {inner_product_backward_data::primitive_desc({x, w, y}, own_memory, cpu, hint), cpu,
             inner_product_backward_data()},
            {inner_product_backward_weights::primitive_desc({x, w, b, y}, own_memory, cpu, hint), cpu,
             inner_product_backward_weights()}};
  }
};

/// The same three by elbo's ops and by sgemm, on one set of buffers.
struct RowMajor {
  explicit RowMajor(const test::LinearShape& of)
      : s(of),
        x(context(), s.x()),
        w(context(), s.w()),
        b(context(), s.b()),
        dy(context(), s.dy()),
        y(context(), s.n * s.out),
        dx(context(), s.n * s.in),
        dw(context(), s.out * s.in),
        db(context(), s.out) {}

  void forward() {
    ops::linear_forward(context(), y.matrix(s.n, s.out), {}, x.matrix(s.n, s.in), w.matrix(s.out, s.in),
                        b.view(), Activation::relu);
  }
  void backward_input() {
    ops::linear_backward_input(context(), dx.matrix(s.n, s.in), dy.matrix(s.n, s.out), w.matrix(s.out, s.in),
                               {}, Activation::identity);
  }
  void backward_params() {
    ops::linear_backward_params(context(), dw.matrix(s.out, s.in), db.view(), dy.matrix(s.n, s.out),
                                x.matrix(s.n, s.in), false);
  }
  void sgemm_forward() {
    dnnl_sgemm('N', 'T', s.n, s.out, s.in, 1.0f, x.data(), s.in, w.data(), s.in, 0.0f, y.data(), s.out);
  }
  void sgemm_backward_input() {
    dnnl_sgemm('N', 'N', s.n, s.in, s.out, 1.0f, dy.data(), s.out, w.data(), s.in, 0.0f, dx.data(), s.in);
  }
  void sgemm_backward_params() {
    dnnl_sgemm('T', 'N', s.out, s.in, s.n, 1.0f, dy.data(), s.out, x.data(), s.in, 0.0f, dw.data(), s.in);
  }

  test::LinearShape s;
  Buffer<float> x, w, b, dy, y, dx, dw, db;
};

/// Medians of each way's GFLOP/s, timed in turns.
void compare(const test::LinearShape& shape, const char* name,
             const std::vector<std::function<void()>>& ways) {
  constexpr int kRounds = 41;
  std::vector<std::vector<double>> seconds(ways.size());
  for (int round = -2; round < kRounds; ++round) {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      const double begin = now();
      ways[i]();
      if (round >= 0) seconds[i].push_back(now() - begin);
    }
  }
  std::printf("| %lld: %lld → %lld | %s |", static_cast<long long>(shape.n), static_cast<long long>(shape.in),
              static_cast<long long>(shape.out), name);
  for (const auto& times : seconds) std::printf(" %.0f |", 1e-9 * shape.flops() / median(times));
  std::printf("\n");
  std::fflush(stdout);
}

void run() {
  std::printf("%d threads, GFLOP/s, medians; %s: %.0f\n\n", context().threads(), kCpuYardstick,
              1e-9 * cpu_peak_flops(context()));
  std::printf(
      "| n: in → out | product | elbo | oneDNN inner product | oneDNN sgemm |\n|---|---|---|---|---|\n");
  auto shapes = test::network_shapes();
  for (const std::int64_t n : {1, 1024}) shapes.push_back({n, 784, 400});
  shapes.push_back({128, 1024, 1024});
  for (const auto& shape : shapes) {
    RowMajor ours(shape);
    InnerProducts theirs = InnerProducts::make(shape);
    compare(shape, "forward",
            {[&] { ours.forward(); }, [&] { theirs.forward.run(); }, [&] { ours.sgemm_forward(); }});
    compare(shape, "backward, input",
            {[&] { ours.backward_input(); }, [&] { theirs.backward_input.run(); },
             [&] { ours.sgemm_backward_input(); }});
    compare(shape, "backward, parameters",
            {[&] { ours.backward_params(); }, [&] { theirs.backward_params.run(); },
             [&] { ours.sgemm_backward_params(); }});
  }
}

}  // namespace
}  // namespace elbo::bench

int main() {
  try {
    elbo::bench::run();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "onednn_bench: %s\n", error.what());
    return 1;
  }
}
