#pragma once
// Figures of a trained model.

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "drawing/canvas.h"
#include "elbo/elbo.h"

namespace elbo::command {

/// Whether rows are points of the plane instead of pictures.
bool is_planar(const Model& model);

/// How samples are drawn and shown.
struct SampleStyle {
  bool drawn = false;        ///< from p(x|z), instead of decoded
  std::int64_t columns = 0;  ///< of a grid with a label in each; 0: as wide as high
};

/// Samples from the prior: a grid of pictures, or points of the plane beside the points of `data` (which may
/// be null).
Canvas draw_samples(const Model& model, const Table& samples, const Examples* data,
                    const SampleStyle& style = {});

/// Examples and their reconstructions: pictures above their reconstructions, or points of the plane beside
/// theirs. `as`: what all were decoded as, if it is not their own: " as if of label 3".
Canvas draw_reconstructions(const Model& model, const Table& originals, const Table& reconstructions,
                            const std::string& as = {});

inline constexpr std::int64_t kWalkSteps = 11;

/// For each pair of examples: the first, `steps` decoded points between their codes, and the second.
Canvas draw_walks(const Model& model, const Examples& examples,
                  const std::vector<std::pair<std::int64_t, std::int64_t>>& pairs, bool along_arc);
/// The same for pairs of rows, [2 · pairs, dims].
Canvas draw_walks(const Model& model, const Table& ends, std::int64_t steps, bool along_arc);

/// Examples, [n, dims], each beside pictures that its changed codes, [n · steps, latent], are decoded to.
Canvas draw_edits(const Model& model, const Table& originals, const Table& codes, const std::string& caption);

/// Pairs of examples that look different: with different labels if there are labels, else half the data
/// apart.
std::vector<std::pair<std::int64_t, std::int64_t>> walk_pairs(const Examples& examples, std::int64_t count);

/// A 2-D latent space decoded at n × n points, at evenly spaced quantiles of each dimension of the prior,
/// with a conditional model's conditions of the points.
Canvas draw_manifold(const Model& model, std::int64_t n, const Table& conditions = {});

/// Posterior means of a 2-D latent, coloured by label if there are labels.
Canvas draw_latent(const Model& model, const Dataset& data, const Examples& examples);

/// A file in a run folder, and its description.
struct Figure {
  std::filesystem::path file;
  std::string what;
};

/// Every figure that suits the model, from the data's test (or else validation, train) split. Throws IoError.
std::vector<Figure> write_figures(const Model& model, const Dataset& data,
                                  const std::filesystem::path& folder);

}  // namespace elbo::command
