#pragma once
// How evaluations go through their data: batch by batch, with what they need copied to the host.

#include <algorithm>
#include <functional>
#include <vector>

#include "model/evaluate.h"
#include "runtime/check.h"

namespace elbo {

/// Copies device views to the host, waiting once for all of them.
class HostCopies {
 public:
  explicit HostCopies(Context& context) : context_(&context) {}
  void request(std::vector<float>& host, const float* device, std::int64_t size) {
    host.resize(static_cast<std::size_t>(size));
    context_->copy_to_host(host.data(), device, host.size() * sizeof(float));
  }
  void wait() { context_->synchronize(); }

 private:
  Context* context_;
};

inline void require_examples(const EvaluationData& data) {
  if (data.count < 1) throw DataError("there are no examples to evaluate");
}

/// Calls visit(a) for every batch, with a.x and a.examples filled.
inline void for_each_batch(const Workspace& workspace, const EvaluationData& data,
                           const std::function<void(const Activations&)>& visit) {
  require_examples(data);
  for (std::int64_t first = 0; first < data.count; first += workspace.capacity()) {
    const Activations a = workspace.rows(std::min(workspace.capacity(), data.count - first));
    data.fill(a, first);
    visit(a);
  }
}

/// Calls visit(a, first) over batches of `count` rows of nothing: the caller fills what it needs.
inline void for_each_chunk(const Vae& vae, std::int64_t count,
                           const std::function<void(const Activations&, std::int64_t)>& visit) {
  if (count == 0) return;
  const Workspace workspace(vae, std::min(count, evaluation_rows(vae)));
  for (std::int64_t first = 0; first < count; first += workspace.capacity()) {
    visit(workspace.rows(std::min(workspace.capacity(), count - first)), first);
  }
}

/// Throws ShapeError where a table's rows and columns are not its values' number.
inline void check_table(const Table& table) {
  ELBO_CHECK(table.rows >= 0 && table.cols >= 0 &&
                 static_cast<std::size_t>(table.rows * table.cols) == table.values.size(),
             ShapeError, "a table of ", table.rows, " × ", table.cols, " holds ", table.values.size(),
             " values");
}

/// The same, and where its rows are no codes of a latent space of so many dimensions.
inline void check_codes(const Table& z, std::int64_t latent) {
  check_table(z);
  ELBO_CHECK(z.cols == latent, ShapeError, "codes have ", z.cols,
             " values a row, but the model's latent space has ", latent, " dimensions");
}

/// Decodes rows [first, first + a.rows) of codes.
inline void decode_rows(const Vae& vae, const Activations& a, const Table& z, std::int64_t first) {
  vae.context().copy_to_device(a.z.data, z.row(first).data(),
                               sizeof(float) * static_cast<std::size_t>(a.rows * z.cols));
  vae.decode(a);
}

}  // namespace elbo
