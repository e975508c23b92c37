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

struct Node {
  std::shared_ptr<const Work> work;
  std::vector<std::size_t> after;  ///< nodes that come first
};

/// A recording in progress, over one stream and those that joined it by its events.
struct Capture {
  Stream* origin = nullptr;
  std::thread::id thread;
  std::vector<Node> nodes;
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
  std::vector<std::size_t> last;  ///< captured nodes that the next one comes after
};

struct Event {
  std::shared_ptr<Marker> marker;
  std::shared_ptr<Capture> capture;  ///< where it was recorded while capturing
  std::vector<std::size_t> after;
};

struct Graph {
  std::vector<Node> nodes;
};
struct GraphExec {
  std::shared_ptr<const Graph> graph;
};

/// Gives work to a stream, or records it where the stream is capturing. The null stream's runs at once, after
/// all other work. Fails with what other work failed with.
Outcome submit(Stream* stream, Work work);
/// Runs what the stream holds, as far as `until` if given; fails with what any work failed with since the
/// last call of an API function that reports it.
Outcome drain(Stream& stream, const Marker* until = nullptr);
Outcome drain_all();

/// Fails, and spoils the capture, where the calling thread captures: `call` is not allowed then.
Outcome refuse_while_capturing(const char* call);
/// The same for a call on one stream.
Outcome refuse_while_capturing(const Stream* stream, const char* call);

/// Makes an outcome a return value: remembered for cudaGetLastError, its report for cudaGetErrorString.
cudaError_t finish(const Outcome& outcome);
/// The report behind the last failure in this thread; empty where there is none of `error`.
const std::string& last_report(cudaError_t error);

}  // namespace elbo::emulation
