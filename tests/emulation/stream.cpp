#include "stream.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "emulation/api.h"
#include "executor.h"
#include "heap.h"

namespace elbo::emulation {
namespace {

std::set<Stream*> streams;
std::set<Event*> events;
std::vector<std::shared_ptr<Capture>> captures;
/// The error of failed work, until a waiting call reports it.
Outcome failed_work;

constexpr std::size_t kMaxQueued = 1 << 14;

void abandon_all_work() {
  for (Stream* stream : streams) {
    for (auto& item : stream->queue) {
      if (item.to_record) item.to_record->done = true;
    }
    stream->queue.clear();
  }
}

void run_queue(Stream& stream, const Marker* until) {
  while (!stream.queue.empty() && !(until && until->done)) {
    const Stream::Item item = std::move(stream.queue.front());
    stream.queue.pop_front();
    if (item.to_record) item.to_record->done = true;
    if (item.to_wait_for && !item.to_wait_for->done)
      run_queue(*item.to_wait_for->stream, item.to_wait_for.get());
    if (!item.work) continue;
    if (Outcome outcome = (*item.work)(); !outcome) {
      if (failed_work) failed_work = outcome;
      abandon_all_work();
    }
  }
}

/// Whether every node is in `last`, comes before a node there, or was released.
bool joined(const Capture& capture, const std::vector<std::size_t>& last) {
  const std::vector<Node>& nodes = capture.nodes;
  std::vector<bool> reached(nodes.size());
  std::vector<std::size_t> open = merged(capture.released, last);
  while (!open.empty()) {
    const std::size_t node = open.back();
    open.pop_back();
    if (reached[node]) continue;
    reached[node] = true;
    open.insert(open.end(), nodes[node].after.begin(), nodes[node].after.end());
  }
  return std::find(reached.begin(), reached.end(), false) == reached.end();
}

void leave(const std::shared_ptr<Capture>& capture) {
  for (Stream* stream : streams) {
    if (stream->capture == capture) {
      stream->capture = nullptr;
      stream->last.clear();
    }
  }
  captures.erase(std::find(captures.begin(), captures.end(), capture));
}

}  // namespace

bool known(const Stream* stream) {
  return streams.count(const_cast<Stream*>(stream)) > 0;
}

Outcome unknown_handle(const char* what) {
  return failure(cudaErrorInvalidResourceHandle, what, " that does not exist, or no longer does");
}

Outcome spoil(Capture& capture, const char* call) {
  capture.invalidated = true;
  return failure(cudaErrorStreamCaptureUnsupported, call, " is not allowed while a stream is capturing");
}

std::vector<std::size_t> merged(std::vector<std::size_t> a, const std::vector<std::size_t>& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::sort(a.begin(), a.end());
  a.erase(std::unique(a.begin(), a.end()), a.end());
  return a;
}

std::recursive_mutex& lock() {
  static auto* mutex = new std::recursive_mutex;
  return *mutex;
}

Outcome submit(Stream* stream, std::string name, Work work) {
  if (!stream) {
    if (Outcome outcome = refuse_while_capturing("work on the null stream"); !outcome) return outcome;
    if (Outcome outcome = drain_all(); !outcome) return outcome;
    const Heap::Access access;
    return work();
  }
  if (!known(stream)) return unknown_handle("a stream");
  auto shared = std::make_shared<const Work>(std::move(work));
  if (stream->capture) {
    stream->capture->nodes.push_back({std::move(shared), std::move(name), stream->last});
    stream->last = {stream->capture->nodes.size() - 1};
    return {};
  }
  stream->queue.push_back({std::move(shared), nullptr, nullptr});
  return stream->queue.size() > kMaxQueued ? drain(*stream) : Outcome{};
}

Outcome drain(Stream& stream, const Marker* until) {
  {
    const Heap::Access access;
    run_queue(stream, until);
  }
  return std::exchange(failed_work, {});
}

Outcome drain_all() {
  {
    const Heap::Access access;
    for (Stream* stream : streams) run_queue(*stream, nullptr);
  }
  return std::exchange(failed_work, {});
}

Outcome refuse_while_capturing(const char* call) {
  for (const auto& capture : captures) {
    if (capture->thread == std::this_thread::get_id()) return spoil(*capture, call);
  }
  return {};
}

Outcome refuse_while_capturing(const Stream* stream, const char* call) {
  if (!stream) return refuse_while_capturing(call);
  if (!known(stream)) return unknown_handle("a stream");
  return stream->capture ? spoil(*stream->capture, call) : Outcome{};
}

Outcome enqueue_checked(Kernel&& kernel, Stream* stream) {
  if (Outcome outcome = check_shape(kernel); !outcome) return outcome;
  if (Outcome outcome = check_arguments(kernel); !outcome) return outcome;
  std::string name = "the kernel launched at " + place(kernel.file, kernel.line);
  return submit(stream, std::move(name), [kernel = std::move(kernel)] { return run(kernel); });
}

cudaError_t enqueue(Kernel kernel, cudaStream_t stream) {
  const std::lock_guard guard(lock());
  return finish(enqueue_checked(std::move(kernel), stream));
}

}  // namespace elbo::emulation

using namespace elbo::emulation;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  const std::lock_guard guard(lock());
  *stream = *streams.insert(new Stream).first;
  return cudaSuccess;
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  const std::lock_guard guard(lock());
  if (Outcome outcome = refuse_while_capturing(stream, "cudaStreamDestroy"); !outcome) return finish(outcome);
  const Outcome outcome = drain(*stream);
  streams.erase(stream);
  delete stream;
  return finish(outcome);
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  const std::lock_guard guard(lock());
  if (Outcome outcome = refuse_while_capturing(stream, "cudaStreamSynchronize"); !outcome)
    return finish(outcome);
  return finish(stream ? drain(*stream) : drain_all());
}

cudaError_t cudaDeviceSynchronize() {
  const std::lock_guard guard(lock());
  if (Outcome outcome = refuse_while_capturing("cudaDeviceSynchronize"); !outcome) return finish(outcome);
  return finish(drain_all());
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  const std::lock_guard guard(lock());
  if (Outcome outcome = refuse_while_capturing(stream, "cudaStreamQuery"); !outcome) return finish(outcome);
  if (!stream || stream->queue.empty()) return finish(drain_all());
  const Outcome outcome = drain(*stream);  // done the next time
  return outcome ? finish({cudaErrorNotReady, "work is still to be done"}) : finish(outcome);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  const std::lock_guard guard(lock());
  *event = *events.insert(new Event).first;
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  const std::lock_guard guard(lock());
  if (events.erase(event) == 0) return finish(unknown_handle("an event"));
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const std::lock_guard guard(lock());
  if (events.count(event) == 0) return finish(unknown_handle("an event"));
  if (stream && !known(stream)) return finish(unknown_handle("a stream"));
  event->capture = stream ? stream->capture : nullptr;
  if (event->capture) {
    event->after = stream->last;
    return cudaSuccess;
  }
  event->marker = std::make_shared<Marker>(Marker{stream, stream == nullptr});
  if (stream) stream->queue.push_back({nullptr, event->marker, nullptr});
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  const std::lock_guard guard(lock());
  if (events.count(event) == 0) return finish(unknown_handle("an event"));
  if (!known(stream)) return finish(unknown_handle("a stream"));
  if (event->capture) {
    if (stream->capture && stream->capture != event->capture) {
      return finish(failure(cudaErrorInvalidValue, "an event of one capture waited for in another"));
    }
    stream->capture = event->capture;
    stream->last = merged(stream->last, event->after);
  } else if (event->marker) {
    if (stream->capture) return finish(spoil(*stream->capture, "waiting for an event recorded outside"));
    stream->queue.push_back({nullptr, nullptr, event->marker});
  }
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  const std::lock_guard guard(lock());
  if (events.count(event) == 0) return finish(unknown_handle("an event"));
  if (event->capture) return finish({cudaErrorCapturedEvent, "an event of a capture cannot be asked for"});
  if (!event->marker || event->marker->done) return finish(std::exchange(failed_work, {}));
  const Outcome outcome = drain(*event->marker->stream, event->marker.get());  // done the next time
  return outcome ? finish({cudaErrorNotReady, "work is still to be done"}) : finish(outcome);
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const std::lock_guard guard(lock());
  if (events.count(event) == 0) return finish(unknown_handle("an event"));
  if (event->capture) return finish({cudaErrorCapturedEvent, "an event of a capture cannot be waited for"});
  if (!event->marker || event->marker->done) return finish(std::exchange(failed_work, {}));
  return finish(drain(*event->marker->stream, event->marker.get()));
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t, cudaEvent_t) {
  *milliseconds = 0.0f;  // the emulation checks logic and has no clock
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  const std::lock_guard guard(lock());
  if (!known(stream)) return finish(unknown_handle("a stream"));
  if (stream->capture) return finish(spoil(*stream->capture, "cudaStreamBeginCapture"));
  stream->capture = std::make_shared<Capture>(Capture{stream, std::this_thread::get_id(), {}, {}, false});
  stream->last.clear();
  captures.push_back(stream->capture);
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  const std::lock_guard guard(lock());
  *graph = nullptr;
  if (!known(stream)) return finish(unknown_handle("a stream"));
  const auto capture = stream->capture;
  if (!capture || capture->origin != stream) {
    return finish(
        failure(cudaErrorStreamCaptureUnmatched, "a capture ended that was not begun on this stream"));
  }
  const auto last = stream->last;
  leave(capture);
  if (capture->invalidated) {
    return finish(failure(cudaErrorStreamCaptureInvalidated,
                          "the capture was spoilt by a call that is not allowed in one"));
  }
  if (!joined(*capture, last)) {
    return finish(
        failure(cudaErrorStreamCaptureUnjoined, "a stream that joined the capture was not joined back"));
  }
  *graph = new Graph{capture->nodes};
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  const std::lock_guard guard(lock());
  if (!known(stream)) return finish(unknown_handle("a stream"));
  *status = !stream->capture               ? cudaStreamCaptureStatusNone
            : stream->capture->invalidated ? cudaStreamCaptureStatusInvalidated
                                           : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}
