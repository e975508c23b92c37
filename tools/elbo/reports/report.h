#pragma once
// Results on standard output: one JSON object, or a small table.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "elbo/elbo.h"
#include "reports/json.h"

namespace elbo::command {

/// {"elbo", "reconstruction", "kl"}, nats per example; "elbo" and "kl" are null for an autoencoder.
Json to_json(const Recipe& recipe, const ElboTerms& terms);

/// The number of active latent dimensions; null for an autoencoder, whose codes have no fixed scale, and for
/// a single example, which does not vary.
Json active_units_json(const Recipe& recipe, const Evaluation& evaluation);

/// The squared error's name in tables; for classes it counts the wrong ones.
std::string error_label(const Recipe& recipe);

/// Throws Error if a result is NaN or infinite.
void require_finite(const std::string& split, const Evaluation& evaluation);

/// Adds "variance", "bits_per_dimension" and "nll_bits_per_dimension" if the likelihood has them.
void add_likelihood_figures(Json& json, const Evaluation& evaluation);

/// Adds "nll", "nll_standard_error", "nll_samples" and "nll_effective_samples" if requested; the standard
/// error of a single example is null.
void add_nll(Json& json, const Evaluation& evaluation);

/// The number of characters of UTF-8 text.
std::size_t characters(std::string_view text);
/// Text right-aligned in a field, or left-aligned if the width is negative.
std::string padded(const std::string& text, int width);
/// A text of at most `max_length` characters: a longer one loses its middle, as names often differ at their
/// ends.
std::string shortened(const std::string& text, std::size_t max_length);
/// A number with this many decimals.
std::string fixed(double value, int decimals = 2);

/// Prints the object on one line.
void print(const Json& json);

/// Prints splits as columns and costs as rows.
void print_table(const Recipe& recipe, const std::vector<std::pair<std::string, Evaluation>>& splits);

/// Prints the parts of a cost with their names, the largest first, at most 50 of them.
void print_parts(std::vector<std::pair<std::string, double>> parts);

/// A word for a shell, in quotes if needed.
std::string shell_word(const std::string& word);

/// "cpu (AMD EPYC 9575F, 2 threads)"
std::string describe(Device device);
/// The same with the precision, unless it is fp32: "cuda:0 (NVIDIA H200) in tf32"
std::string describe(Device device, Precision precision);

/// "RUN on DATA, DEVICE", and an empty line.
void print_headline(const std::string& run, const Dataset& data, const Model& model);

}  // namespace elbo::command
