#pragma once
// Checks of tables of codes and data, and their use by a model.

#include "elbo/dataset.h"
#include "vae/vae.h"
#include "base/check.h"

namespace elbo {

/// Throws ShapeError unless a table has rows · cols values.
inline void check_table(const Table& table) {
  ELBO_CHECK(table.rows >= 0 && table.cols >= 0 &&
                 static_cast<std::size_t>(table.rows * table.cols) == table.values.size(),
             ShapeError, "a table of ", table.rows, " × ", table.cols, " holds ", table.values.size(),
             " values");
}

/// The same, and throws unless its rows are codes of `latent` dimensions.
inline void check_codes(const Table& z, std::int64_t latent) {
  check_table(z);
  ELBO_CHECK(z.cols == latent, ShapeError, "codes have ", z.cols,
             " values a row, but the model's latent space has ", latent, " dimensions");
}

/// Decodes rows [first, first + batch.rows()) of codes.
inline void decode_rows(const Vae& vae, const Batch& batch, const Table& z, std::int64_t first) {
  vae.context().copy_to_device(batch.z().data, z.row(first).data(),
                               sizeof(float) * static_cast<std::size_t>(batch.rows() * z.cols));
  vae.decode(batch);
}

}  // namespace elbo
