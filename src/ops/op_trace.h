#pragma once
// What the ops given to a context run, and how long each takes: for `elbo info --plan`.

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "runtime/context.h"

namespace elbo {

/// One call of an op.
struct OpCall {
  std::string op;      ///< "linear_forward"
  std::string shape;   ///< "128x784 -> 128x400"
  std::string engine;  ///< what computes it: "tiles", "loops", "tensor cores"
  std::string tile;    ///< of a block of a GPU, "32x64x32"; empty if that is no matter
  int splits = 1;      ///< blocks that share a product's inner dimension
  Precision precision = Precision::fp32;
  double flops = 0.0;  ///< of its product; 0 where it has none
  double bytes = 0.0;  ///< every input read once, every output written once
  double seconds = 0.0;
};

/// The calls of the ops given to a context while this is attached to it: on the CPU as they run, on a GPU
/// each measured by itself. An op that consists of others is one call.
class OpTrace : public Trace {
 public:
  std::vector<OpCall> calls;

 private:
  friend class TracedOp;
  bool open_ = false;
};

/// The call of an op that is no product.
OpCall plain_call(const char* op, const std::string& shape, double bytes);

/// The call of an op that is a layer's product: n rows, from `in` values to `out`; `more_values` floats are
/// read or written besides those three matrices.
OpCall product_call(const Context& context, const char* op, const std::string& shape, std::int64_t n,
                    std::int64_t in, std::int64_t out, std::int64_t more_values);

/// A context with a trace for as long as this lives.
class TraceScope {
 public:
  TraceScope(Context& context, OpTrace& trace) : context_(context) { context.set_trace(&trace); }
  ~TraceScope() { context_.set_trace(nullptr); }
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  Context& context_;
};

/// Stands at the beginning of an op, after its checks: a call from here to its end. `describe()` gives the
/// OpCall without its time; it is called only where somebody traces.
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

/// Gives the work of an op to a GPU while somebody traces: several times, for its time there.
void run_traced(Context& context, const std::function<void()>& work);

}  // namespace elbo
