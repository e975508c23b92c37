#pragma once
// Streams, events and graphs. Work waits in its stream until something waits for it, as late as CUDA allows,
// so that a host that does not wait finds out.

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "report.h"

namespace elbo::emulation {

/// Everything behind the API happens under this lock.
std::recursive_mutex& lock();

/// Something for the device to do, as often as it is launched.
using Work = std::function<Outcome()>;

/// A recorded event: done once the stream has come that far.
struct Marker {
  Stream* stream = nullptr;
  bool done = false;
};

/// Work recorded in a graph. Nodes come after none but earlier ones.
struct Node {
  std::shared_ptr<const Work> work;
  std::string name;                ///< "a copy", "the kernel launched at …"
  std::vector<std::size_t> after;  ///< nodes that come first
};

/// A recording in progress, over one stream and those that joined it by its events.
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
  std::vector<std::size_t> last;       ///< captured nodes that the next one comes after
  std::vector<cudaGraphNode_t> asked;  ///< `last` as it was last asked for
};

struct Event {
  std::shared_ptr<Marker> marker;
  std::shared_ptr<Capture> capture;  ///< where it was recorded while capturing
  std::vector<std::size_t> after;
};

struct Graph {
  std::vector<Node> nodes;
};
/// A graph made ready; launches under way keep it.
struct ReadyGraph {
  std::vector<Node> nodes;
  bool checked = false;  ///< its nodes' accesses have been held against its edges
};
struct GraphExec {
  std::shared_ptr<ReadyGraph> graph;
};

/// Each node once, after those it comes after, otherwise in any order. The first time it is checked that
/// nodes which no edge orders touch no word that one of them writes.
Outcome run_graph(ReadyGraph& graph);

/// Gives work to a stream, or records it where the stream is capturing. The null stream's runs at once, after
/// all other work. Fails with what other work failed with.
/// `name` tells what it is: "a copy".
Outcome submit(Stream* stream, std::string name, Work work);
/// Runs what the stream holds, as far as `until` if given; fails with what any work failed with since the
/// last call of an API function that reports it.
Outcome drain(Stream& stream, const Marker* until = nullptr);
Outcome drain_all();

bool known(const Stream* stream);
Outcome unknown_handle(const char* what);
/// A capture's failure by a call that is not allowed in one.
Outcome spoil(Capture& capture, const char* call);
/// Both, each once, in order.
std::vector<std::size_t> merged(std::vector<std::size_t> a, const std::vector<std::size_t>& b);

/// Fails, and spoils the capture, where the calling thread captures: `call` is not allowed then.
Outcome refuse_while_capturing(const char* call);
/// The same for a call on one stream.
Outcome refuse_while_capturing(const Stream* stream, const char* call);

/// Makes an outcome a return value: remembered for cudaGetLastError, its report for cudaGetErrorString.
cudaError_t finish(const Outcome& outcome);
/// The report behind the last failure in this thread; empty if there is none of `error`.
const std::string& last_report(cudaError_t error);

}  // namespace elbo::emulation
