#pragma once
// What a recipe can choose by name. Every kind of part has a table of its choices in its own room, and each
// choice says which keys count with it.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace elbo {

/// A value of a key that chooses, and the keys that count with it. A key that choices list counts only while
/// one of them is chosen, by a key that counts itself; a key that none lists needs no choice.
struct Choice {
  std::string_view name;
  std::span<const std::string_view> keys = {};
  std::string_view formerly = {};  ///< the name an earlier elbo had for it, by which it is read too
};

// Each is defined in the room of its parts.
std::span<const Choice> latent_choices();      ///< model.kind, in src/vae/latent/table.cpp
std::span<const Choice> prior_choices();       ///< model.prior, in src/vae/prior/table.cpp
std::span<const Choice> likelihood_choices();  ///< model.likelihood, in src/vae/likelihood/table.cpp
std::span<const Choice> objective_choices();   ///< objective.kind, in src/vae/objective/table.cpp
std::span<const Choice> corruption_choices();  ///< objective.corruption, in src/vae/input/table.cpp
std::span<const Choice> optimizer_choices();   ///< train.optimizer, in src/train/optimizer.cpp
std::span<const Choice> schedule_choices();    ///< train.schedule, in src/train/schedule.cpp
std::span<const Choice> binarize_choices();    ///< data.binarize, in src/recipe/data_settings.cpp

/// The choices of a table whose rows are choices and more: `struct Row : Choice { …make; }`.
template <class Row, std::size_t N>
std::vector<Choice> choices_of(const Row (&table)[N]) {
  return {std::begin(table), std::end(table)};
}

/// The row called `name`; null where there is none.
template <class Row, std::size_t N>
constexpr const Row* find_row(const Row (&table)[N], std::string_view name) {
  for (const Row& row : table) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace elbo
