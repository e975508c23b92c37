#pragma once
// Streams, events and graphs. Work stays in its stream until something waits for it, as late as CUDA allows,
// which reveals a host that does not wait.

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "report.h"

namespace elbo::emulation {

/// The API's functions all hold this lock.
std::recursive_mutex& lock();

/// Work for the device, which may be launched several times.
using Work = std::function<Outcome()>;

/// A recorded event: done once the stream has reached it.
struct Marker {
  Stream* stream = nullptr;
  bool done = false;
};

/// Work recorded in a graph. Nodes depend on earlier nodes only.
struct Node {
  std::shared_ptr<const Work> work;
  std::string name;                ///< "a copy", "the kernel launched at …"
  std::vector<std::size_t> after;  ///< nodes that come first
};

/// A recording in progress, over one stream and the streams that joined it through its events.
struct Capture {
  Stream* origin = nullptr;
  std::thread::id thread;
  std::vector<Node> nodes;
  std::vector<std::size_t> released;  ///< nodes that need not be joined back
  bool invalidated = false;
};

struct Stream {
  struct Item {
    std::shared_ptr<const Work> work;  ///< one of these three
    std::shared_ptr<Marker> to_record;
    std::shared_ptr<Marker> to_wait_for;
  };
  std::deque<Item> queue;
  std::shared_ptr<Capture> capture;
  std::vector<std::size_t> last;       ///< captured nodes before the next node
  std::vector<cudaGraphNode_t> asked;  ///< `last` at the latest query
};

struct Event {
  std::shared_ptr<Marker> marker;
  std::shared_ptr<Capture> capture;  ///< the capture in which it was recorded, if any
  std::vector<std::size_t> after;
};

struct Graph {
  std::vector<Node> nodes;
};
/// An instantiated graph; pending launches keep it alive.
struct ReadyGraph {
  std::vector<Node> nodes;
  bool checked = false;  ///< whether its nodes' accesses have been compared with its edges
};
struct GraphExec {
  std::shared_ptr<ReadyGraph> graph;
};

/// Runs each node once, after its predecessors, otherwise in any order. The first run checks that nodes that
/// no edge orders do not access a word that one of them writes.
Outcome run_graph(ReadyGraph& graph);

/// Gives work to a stream, or records it if the stream is capturing. The null stream's work runs at once,
/// after all other work. Fails with an earlier error of other work. `name` describes the work: "a copy".
Outcome submit(Stream* stream, std::string name, Work work);
/// Runs the stream's work, up to `until` if given. Fails with the error of any work since the last API call
/// that reports errors.
Outcome drain(Stream& stream, const Marker* until = nullptr);
Outcome drain_all();

bool known(const Stream* stream);
Outcome unknown_handle(const char* what);
/// Invalidates a capture because of a call that is not allowed in one.
Outcome spoil(Capture& capture, const char* call);
/// The union of both, in order.
std::vector<std::size_t> merged(std::vector<std::size_t> a, const std::vector<std::size_t>& b);

/// If the calling thread is capturing, `call` is not allowed: invalidates the capture and fails.
Outcome refuse_while_capturing(const char* call);
/// The same for a call on one stream.
Outcome refuse_while_capturing(const Stream* stream, const char* call);

/// Makes an outcome a return value: remembered for cudaGetLastError, its report for cudaGetErrorString.
cudaError_t finish(const Outcome& outcome);
/// The report of this thread's last failure; empty if that was not `error`.
const std::string& last_report(cudaError_t error);

}  // namespace elbo::emulation
