#pragma once
// Results on standard output: one JSON object, or a small table.

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

#include "elbo/elbo.h"

namespace elbo::command {

using Json = nlohmann::ordered_json;

/// {"elbo", "reconstruction", "kl"}, nats per example.
Json to_json(const ElboTerms& terms);

/// Adds "nll", "nll_standard_error" and "nll_samples" where they were asked for.
void add_nll(Json& json, const Evaluation& evaluation);

/// Prints the object on one line.
void print(const Json& json);

/// Prints splits as columns and costs as rows.
void print_table(const Recipe& recipe, const std::vector<std::pair<std::string, Evaluation>>& splits);

/// "cpu (AMD EPYC 9575F, 2 threads)"
std::string describe(Device device);

}  // namespace elbo::command
