#include "runtime/cuda_capture.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <utility>

#include "base/check.h"

// CUDA 13 gives the names without suffix to what CUDA 12.3 called _v2 and _v3; before 12.3 edges had no data.
// If an edge has data (its grids may overlap), a query that does not accept data fails. The data itself is
// not used: an edge that is set without data waits for the whole node.
#if CUDART_VERSION >= 13000
#define ELBO_GET_CAPTURE_INFO(stream, status, nodes, data, count) \
  cudaStreamGetCaptureInfo(stream, status, nullptr, nullptr, nodes, data, count)
#define ELBO_UPDATE_DEPENDENCIES(stream, nodes, count, flags) \
  cudaStreamUpdateCaptureDependencies(stream, nodes, nullptr, count, flags)
#else
#if CUDART_VERSION >= 12030
#define ELBO_GET_CAPTURE_INFO(stream, status, nodes, data, count) \
  cudaStreamGetCaptureInfo_v3(stream, status, nullptr, nullptr, nodes, data, count)
#else
struct cudaGraphEdgeData;
#define ELBO_GET_CAPTURE_INFO(stream, status, nodes, data, count) \
  cudaStreamGetCaptureInfo_v2(stream, status, nullptr, nullptr, nodes, count)
#endif
#define ELBO_UPDATE_DEPENDENCIES(stream, nodes, count, flags) \
  cudaStreamUpdateCaptureDependencies(stream, nodes, count, flags)
#endif

namespace elbo::cuda {
namespace {

cudaError_t get_edges(cudaGraph_t graph, cudaGraphNode_t* from, cudaGraphNode_t* to, std::size_t* count) {
#if CUDART_VERSION >= 12030
  std::vector<cudaGraphEdgeData> data(from ? *count : 0);
#if CUDART_VERSION >= 13000
  return cudaGraphGetEdges(graph, from, to, from ? data.data() : nullptr, count);
#else
  return cudaGraphGetEdges_v2(graph, from, to, from ? data.data() : nullptr, count);
#endif
#else
  return cudaGraphGetEdges(graph, from, to, count);
#endif
}

void update(const CudaState& state, std::vector<cudaGraphNode_t>& nodes, unsigned flags) {
  ELBO_CUDA_CHECK(ELBO_UPDATE_DEPENDENCIES(state.stream, nodes.data(), nodes.size(), flags));
}

}  // namespace

std::vector<cudaGraphNode_t> capture_dependencies(const CudaState& state) {
  cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
  const cudaGraphNode_t* nodes = nullptr;
  std::size_t count = 0;
  [[maybe_unused]] const cudaGraphEdgeData* data = nullptr;
  ELBO_CUDA_CHECK(ELBO_GET_CAPTURE_INFO(state.stream, &status, &nodes, &data, &count));
  ELBO_CHECK(status == cudaStreamCaptureStatusActive, DeviceError, "the recording of a graph is spoilt");
  return {nodes, nodes + count};
}

void add_capture_dependencies(const CudaState& state, std::vector<cudaGraphNode_t> nodes) {
  if (!nodes.empty()) update(state, nodes, cudaStreamAddCaptureDependencies);
}

void set_capture_dependencies(const CudaState& state, std::vector<cudaGraphNode_t> nodes) {
  update(state, nodes, cudaStreamSetCaptureDependencies);
}

namespace {

bool overlap(const MemoryRange& a, const MemoryRange& b) {
  const auto begin = [](const MemoryRange& range) { return reinterpret_cast<std::uintptr_t>(range.data); };
  return begin(a) < begin(b) + b.bytes && begin(b) < begin(a) + a.bytes;
}

}  // namespace

void note_writes(CudaState& state, std::vector<MemoryRange> written) {
  if (!state.capturing) return;
  const std::vector<cudaGraphNode_t> latest = capture_dependencies(state);
  if (latest.size() == 1) state.writes.push_back({latest.front(), std::move(written)});
}

bool spared_by_previous(const CudaState& state, const MemoryRange& range) {
  if (!state.capturing) return false;
  const std::vector<cudaGraphNode_t> previous = capture_dependencies(state);
  return !previous.empty() && std::ranges::all_of(previous, [&](cudaGraphNode_t node) {
    const auto known = std::ranges::find(state.writes, node, &NodeWrites::node);
    return known != state.writes.end() &&
           std::ranges::none_of(known->written,
                                [&](const MemoryRange& written) { return overlap(written, range); });
  });
}

GraphEdges edges_of(cudaGraph_t graph) {
  GraphEdges edges;
  std::size_t count = 0;
  ELBO_CUDA_CHECK(cudaGraphGetNodes(graph, nullptr, &count));
  edges.nodes.resize(count);
  if (count > 0) ELBO_CUDA_CHECK(cudaGraphGetNodes(graph, edges.nodes.data(), &count));
  std::unordered_map<cudaGraphNode_t, std::size_t> places;
  for (std::size_t i = 0; i < edges.nodes.size(); ++i) places[edges.nodes[i]] = i;

  ELBO_CUDA_CHECK(get_edges(graph, nullptr, nullptr, &count));
  std::vector<cudaGraphNode_t> from(count), to(count);
  if (count > 0) ELBO_CUDA_CHECK(get_edges(graph, from.data(), to.data(), &count));
  for (std::size_t i = 0; i < count; ++i) {
    edges.from.push_back(places.at(from[i]));
    edges.to.push_back(places.at(to[i]));
  }
  return edges;
}

}  // namespace elbo::cuda
