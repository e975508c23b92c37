// The products of 784-400-400-20-400-400-784, forward and both backward products, at several batches, in each
// precision that the device computes natively. With --plans on a GPU: every candidate plan of each product
// instead (ops/gemm_plan.h), with its predicted time.

#include <cstring>

#include "cases/linear.h"
#include "support.h"

namespace elbo::bench {
namespace {

using Cases =
    std::tuple<test::LinearForwardCase, test::LinearBackwardInputCase, test::LinearBackwardParamsCase>;

/// A layer's three products; the output layers have no activation.
Cases cases_of(const test::LinearShape& shape, Precision precision) {
  const bool output = shape.out == 784 || shape.out == 40;
  test::LinearForwardCase forward{shape, output ? Activation::identity : Activation::relu};
  test::LinearBackwardInputCase backward_input{shape, Activation::relu};
  test::LinearBackwardParamsCase backward_params{shape};
  forward.precision = backward_input.precision = backward_params.precision = precision;
  return {forward, backward_input, backward_params};
}

void add_ops(const test::LinearShape& shape, Precision precision) {
  const auto [forward, backward_input, backward_params] = cases_of(shape, precision);
  add("linear_forward", forward);
  add("linear_backward_input", backward_input);
  add("linear_backward_params", backward_params);
}

std::vector<Precision> precisions() {
  if (!bench_device().is_cuda()) return {Precision::fp32};  // others are fp32 with rounding
  return {Precision::fp32, Precision::tf32, Precision::bf16};
}

#if ELBO_HAS_CUDA
template <class Case>
void add_plans(const std::string& op, Case op_case, const ops::GemmKey& key) {
  const auto limits = cuda::gemm_limits(context());
  for (const auto& plan : ops::candidates(key, limits)) {
    op_case.plan = plan;
    add(op, op_case, {{"predicted_us", 1e6 * ops::predicted_seconds(plan, key, limits)}});
  }
}

void add_plans(const test::LinearShape& shape, Precision precision) {
  const auto [forward, backward_input, backward_params] = cases_of(shape, precision);
  const auto n = shape.n, in = shape.in, out = shape.out;
  add_plans("linear_forward", forward, {n, out, in, ops::GemmKind::forward, precision});
  add_plans("linear_backward_input", backward_input, {n, in, out, ops::GemmKind::backward_input, precision});
  add_plans("linear_backward_params", backward_params,
            {out, in, n, ops::GemmKind::backward_params, precision});
}
#else
void add_plans(const test::LinearShape&, Precision) {}
#endif

/// Removes --plans from the arguments.
bool take_plans(int& argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--plans") != 0) continue;
    std::copy(argv + i + 1, argv + argc + 1, argv + i);
    --argc;
    return true;
  }
  return false;
}

}  // namespace
}  // namespace elbo::bench

int main(int argc, char** argv) {
  using namespace elbo;
  const bool plans = bench::take_plans(argc, argv) && bench::bench_device().is_cuda();
  auto shapes = test::network_shapes();
  for (const std::int64_t batch : {1024, 8192}) {
    for (const auto& shape : test::network_shapes()) {
      if (plans || shape.in == 784) shapes.push_back({batch, shape.in, shape.out});
    }
  }
  for (const auto& shape : shapes) {
    for (const auto precision : bench::precisions()) {
      plans ? bench::add_plans(shape, precision) : bench::add_ops(shape, precision);
    }
  }
  for (const auto activation : {Activation::tanh, Activation::gelu, Activation::silu}) {
    if (plans) break;
    bench::add("linear_forward", test::LinearForwardCase{
                                     {128, 784, 400}, activation, true, derivative_needs_input(activation)});
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
