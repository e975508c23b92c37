#pragma once
// The nodes that a capturing stream's next work will depend on. For src/runtime/cuda_*.cpp.

#include <vector>

#include "runtime/cuda_state.h"

namespace elbo::cuda {

/// All throw DeviceError.
std::vector<cudaGraphNode_t> capture_dependencies(const CudaState& state);
void add_capture_dependencies(const CudaState& state, std::vector<cudaGraphNode_t> nodes);
void set_capture_dependencies(const CudaState& state, std::vector<cudaGraphNode_t> nodes);

/// A graph's edges, as pairs of indices into `nodes`.
struct GraphEdges {
  std::vector<cudaGraphNode_t> nodes;
  std::vector<std::size_t> from, to;
};
GraphEdges edges_of(cudaGraph_t graph);

}  // namespace elbo::cuda
