#pragma once
// Records the ops that a context runs and the time of each, for `elbo info --plan`.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "elbo/op_call.h"
#include "runtime/context.h"

namespace elbo {

/// The calls of ops while this is attached to their context: on the CPU as they run, on a GPU each measured
/// separately. An op that consists of other ops is one call.
class OpTrace : public Trace {
 public:
  std::vector<OpCall> calls;

 private:
  friend class TracedOp;
  bool open_ = false;
};

/// The call of an op that is not a product.
OpCall plain_call(const char* op, const std::string& shape, double bytes);

/// The call of an op that is a layer's product: n rows, from `in` values to `out`. It reads or writes
/// `more_values` floats besides the three matrices.
OpCall gemm_call(const Context& context, const char* op, const std::string& shape, std::int64_t n,
                 std::int64_t in, std::int64_t out, std::int64_t more_values);

/// Attaches a trace to a context during its lifetime.
class TraceScope {
 public:
  TraceScope(Context& context, OpTrace& trace) : context_(context) { context.set_trace(&trace); }
  ~TraceScope() { context_.set_trace(nullptr); }
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  Context& context_;
};

/// Traces an op: created after the op's checks, it records a call that ends with the object. `describe()`
/// gives the OpCall without its time; it is called only if a trace is attached.
class TracedOp {
 public:
  template <class Describe>
  TracedOp(Context& context, const Describe& describe) {
    auto* const trace = static_cast<OpTrace*>(context.trace());
    if (trace && !trace->open_) begin(*trace, describe(), context.is_cuda());
  }
  ~TracedOp() {
    if (trace_) end();
  }
  TracedOp(const TracedOp&) = delete;
  TracedOp& operator=(const TracedOp&) = delete;

 private:
  void begin(OpTrace& trace, OpCall call, bool on_gpu);
  void end() noexcept;

  OpTrace* trace_ = nullptr;
  double begun_ = 0.0;
};

/// Runs an op's work on a GPU under a trace: several times, to measure its time.
void run_traced(Context& context, const std::function<void()>& work);

}  // namespace elbo
