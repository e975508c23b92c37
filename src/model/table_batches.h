#pragma once
// Checks of tables of codes and data, and their use by a model.

#include <span>

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

/// Throws unless a conditional model has a label that it knows for each of `rows` rows, whose numbers begin
/// with `first`, and another model has none.
inline void check_row_labels(const Vae& vae, std::int64_t rows, std::span<const std::int32_t> labels,
                             std::int64_t first = 0) {
  const std::int32_t classes = vae.config().condition_classes;
  if (!vae.config().condition_levels.empty())
    throw ConfigError("the model reads columns (model.condition), and needs a table of conditions");
  if (classes == 0 && !labels.empty())
    throw ConfigError("labels were given to a model that reads none (model.condition is empty)");
  ELBO_CHECK(classes == 0 || std::ssize(labels) == rows, ShapeError, labels.size(), " labels were given for ",
             rows, " rows, each of which needs one, as the model is conditional (model.condition)");
  for (std::size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= 0 && labels[i] < classes) continue;
    const std::int64_t row = first + static_cast<std::int64_t>(i);
    if (labels[i] == kNoLabel)
      throw DataError(concat("row ", row, " has no label, which model.condition reads"));
    throw DataError(
        concat("row ", row, " has the label ", labels[i], ", but the model knows 0 to ", classes - 1));
  }
}

/// Decodes rows [first, first + batch.rows()) of codes, with what a conditional model's networks read.
inline void decode_rows(const Vae& vae, const Batch& batch, const Table& z, const Table& conditions,
                        std::int64_t first) {
  vae.parts().condition.set(vae.run(), batch, conditions, first);
  vae.context().copy_to_device(batch.z().data, z.row(first).data(),
                               sizeof(float) * static_cast<std::size_t>(batch.rows() * z.cols));
  vae.decode(batch);
}

}  // namespace elbo
