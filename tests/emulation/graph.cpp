// Recorded graphs: a capture's dependencies, a graph's nodes and edges, and its run.

#include <algorithm>
#include <utility>

#include "emulation/api.h"
#include "footprint.h"
#include "schedule.h"
#include "stream.h"

namespace elbo::emulation {
namespace {

/// A node's handle is its number, counted from 1.
cudaGraphNode_t handle_of(std::size_t node) {
  return reinterpret_cast<cudaGraphNode_t>(node + 1);
}
std::size_t number_of(cudaGraphNode_t node) {
  return reinterpret_cast<std::size_t>(node) - 1;
}

Outcome run_nodes(const std::vector<Node>& nodes, Footprints* footprints) {
  static Random random(1);
  std::vector<std::size_t> missing(nodes.size());
  std::vector<std::vector<std::size_t>> followers(nodes.size());
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    missing[i] = nodes[i].after.size();
    for (const std::size_t before : nodes[i].after) followers[before].push_back(i);
    if (missing[i] == 0) ready.push_back(i);
  }
  while (!ready.empty()) {
    std::swap(ready[random.below(ready.size())], ready.back());
    const std::size_t node = ready.back();
    ready.pop_back();
    if (footprints) footprints->begin(node);
    if (Outcome outcome = (*nodes[node].work)(); !outcome) return outcome;
    for (const std::size_t next : followers[node]) {
      if (--missing[next] == 0) ready.push_back(next);
    }
  }
  return {};
}

/// Answers a query of `count` items: writes all into `to`, which has space for `*room`, or gives their
/// number.
template <class T, class Get>
void fill(T* to, std::size_t room, std::size_t count, Get get) {
  for (std::size_t i = 0; to && i < room; ++i) to[i] = i < count ? get(i) : T{};
}

}  // namespace

Outcome run_graph(ReadyGraph& graph) {
  if (std::exchange(graph.checked, true)) return run_nodes(graph.nodes, nullptr);
  Footprints footprints;
  const Footprints::Scope scope(footprints);
  if (Outcome outcome = run_nodes(graph.nodes, &footprints); !outcome) return outcome;
  return footprints.check(graph.nodes);
}

}  // namespace elbo::emulation

using namespace elbo::emulation;

cudaError_t cudaStreamGetCaptureInfo(cudaStream_t stream, cudaStreamCaptureStatus* status,
                                     unsigned long long* id, cudaGraph_t* graph,
                                     const cudaGraphNode_t** dependencies,
                                     const cudaGraphEdgeData** edge_data, std::size_t* count) {
  const std::lock_guard guard(lock());
  if (id || graph) {
    return finish(failure(cudaErrorInvalidValue,
                          "cudaStreamGetCaptureInfo: the emulation knows a capture's "
                          "dependencies alone"));
  }
  if (const cudaError_t error = cudaStreamIsCapturing(stream, status); error != cudaSuccess) return error;
  if (*status != cudaStreamCaptureStatusActive) return cudaSuccess;
  stream->asked.clear();
  for (const std::size_t node : stream->last) stream->asked.push_back(handle_of(node));
  if (dependencies) *dependencies = stream->asked.data();
  if (edge_data) {
    thread_local std::vector<cudaGraphEdgeData>
        plain;  // a stream's next node waits for the whole previous nodes
    plain.assign(stream->asked.size(), {});
    *edge_data = plain.data();
  }
  if (count) *count = stream->asked.size();
  return cudaSuccess;
}

cudaError_t cudaStreamUpdateCaptureDependencies(cudaStream_t stream, cudaGraphNode_t* dependencies,
                                                const cudaGraphEdgeData*, std::size_t count, unsigned flags) {
  const std::lock_guard guard(lock());
  if (!known(stream)) return finish(unknown_handle("a stream"));
  if (!stream->capture) {
    return finish(failure(cudaErrorIllegalState, "dependencies of a stream that is not capturing"));
  }
  std::vector<std::size_t> given;
  for (std::size_t i = 0; i < count; ++i) {
    if (number_of(dependencies[i]) >= stream->capture->nodes.size()) {
      return finish(failure(cudaErrorInvalidValue, "a dependency on a node that the capture does not have"));
    }
    given.push_back(number_of(dependencies[i]));
  }
  if (flags == cudaStreamSetCaptureDependencies) {
    stream->capture->released = merged(std::move(stream->capture->released), stream->last);
    stream->last.clear();
  }
  stream->last = merged(std::move(stream->last), given);
  return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  const std::lock_guard guard(lock());
  const std::size_t all = graph->nodes.size();
  fill(nodes, *count, all, handle_of);
  *count = all;
  return cudaSuccess;
}

cudaError_t cudaGraphGetEdges(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to,
                              cudaGraphEdgeData* data, std::size_t* count) {
  const std::lock_guard guard(lock());
  std::vector<std::pair<std::size_t, std::size_t>> edges;
  for (std::size_t node = 0; node < graph->nodes.size(); ++node) {
    for (const std::size_t before : graph->nodes[node].after) edges.emplace_back(before, node);
  }
  fill(from, *count, edges.size(), [&](std::size_t i) { return handle_of(edges[i].first); });
  fill(to, *count, edges.size(), [&](std::size_t i) { return handle_of(edges[i].second); });
  fill(data, *count, edges.size(), [](std::size_t) { return cudaGraphEdgeData{}; });
  *count = edges.size();
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  const std::lock_guard guard(lock());
  *executable = new GraphExec{std::make_shared<ReadyGraph>(ReadyGraph{graph->nodes, false})};
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  const std::lock_guard guard(lock());
  if (Outcome outcome = refuse_while_capturing(stream, "cudaGraphLaunch"); !outcome) return finish(outcome);
  return finish(submit(stream, "a graph", [graph = executable->graph] { return run_graph(*graph); }));
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}
