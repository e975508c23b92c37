#pragma once
// How tables of codes and of data go through a model, batch by batch.

#include <algorithm>
#include <functional>

#include "evaluation/evaluate.h"
#include "base/check.h"

namespace elbo {

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
