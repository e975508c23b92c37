#pragma once
// The nodes that a capturing stream's next work will depend on. For src/runtime/cuda_*.cpp;
// kernels/gemm.cuh declares what products use of it.

#include <vector>

#include "runtime/cuda_state.h"

namespace elbo::cuda {

/// All throw DeviceError.
std::vector<cudaGraphNode_t> capture_dependencies(const CudaState& state);
void add_capture_dependencies(const CudaState& state, std::vector<cudaGraphNode_t> nodes);
void set_capture_dependencies(const CudaState& state, std::vector<cudaGraphNode_t> nodes);

/// Remembers all that the latest work writes, which is one node. Does nothing unless the stream is capturing.
void note_writes(CudaState& state, std::vector<MemoryRange> written);
/// Whether the nodes that the next work will depend on are known to write nowhere in `range`. The next work
/// may then read it before it waits for them: they themselves have waited for all earlier ones
/// (kernels/arch/grid_dependency.cuh). False where there are no such nodes, or none is being recorded.
bool spared_by_previous(const CudaState& state, const MemoryRange& range);

/// A graph's edges, as pairs of indices into `nodes`.
struct GraphEdges {
  std::vector<cudaGraphNode_t> nodes;
  std::vector<std::size_t> from, to;
};
GraphEdges edges_of(cudaGraph_t graph);

}  // namespace elbo::cuda
