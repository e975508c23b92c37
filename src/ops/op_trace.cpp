#include "ops/op_trace.h"

#include <chrono>
#include <utility>

#include "ops/gemm_plan.h"

namespace elbo {
namespace {

/// The call in progress in this thread. One thread at a time uses a context.
thread_local OpCall* current = nullptr;
thread_local bool measured_on_device = false;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

void ops::note_gemm(const GemmPlan& plan) {
  if (!current) return;
  current->engine = plan.engine_name();
  current->tile = plan.tile_name();
  current->splits = plan.splits;
}

OpCall plain_call(const char* op, const std::string& shape, double bytes) {
  OpCall call;
  call.op = op;
  call.shape = shape;
  call.engine = "loops";
  call.bytes = bytes;
  return call;
}

OpCall gemm_call(const Context& context, const char* op, const std::string& shape, std::int64_t n,
                 std::int64_t in, std::int64_t out, std::int64_t more_values) {
  OpCall call = plain_call(op, shape, 4.0 * static_cast<double>(n * in + n * out + in * out + more_values));
  call.engine = "tiles";
  call.precision = context.precision();
  call.flops = 2.0 * static_cast<double>(n) * static_cast<double>(in) * static_cast<double>(out);
  return call;
}

void TracedOp::begin(OpTrace& trace, OpCall call, bool on_gpu) {
  trace_ = &trace;
  trace.open_ = true;
  trace.calls.push_back(std::move(call));
  current = &trace.calls.back();
  if (on_gpu) current->engine = "kernel";  // a product replaces this by its engine
  measured_on_device = false;
  begun_ = now();
}

void TracedOp::end() noexcept {
  if (!measured_on_device) current->seconds = now() - begun_;
  current = nullptr;
  trace_->open_ = false;
}

void run_traced(Context& context, const std::function<void()>& work) {
  if (!current) return work();
  current->seconds = context.seconds_on_device(work);
  measured_on_device = true;
}

}  // namespace elbo
