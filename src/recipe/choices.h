#pragma once
// Parts that a recipe chooses by name. Every kind of part has a table of its choices in its own room, and
// each choice lists the keys that count with it.

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace elbo {

/// A value of a choosing key, and the keys that count with it. A key that is listed by choices counts only if
/// one of these choices is chosen, by a key that counts itself. A key that no choice lists always counts.
struct Choice {
  std::string_view name;
  std::span<const std::string_view> keys = {};
  std::string_view formerly = {};  ///< the name an earlier elbo had for it, by which it is read too
};

// Each table is defined in the room of its parts.
std::span<const Choice> latent_choices();      ///< model.kind, in src/vae/latent/table.cpp
std::span<const Choice> prior_choices();       ///< model.prior, in src/vae/prior/table.cpp
std::span<const Choice> likelihood_choices();  ///< model.likelihood, in src/vae/likelihood/table.cpp
std::span<const Choice> objective_choices();   ///< objective.kind, in src/vae/objective/table.cpp
std::span<const Choice> corruption_choices();  ///< objective.corruption, in src/vae/input/table.cpp
std::span<const Choice> optimizer_choices();   ///< train.optimizer, in src/train/optimizer.cpp
std::span<const Choice> schedule_choices();    ///< train.schedule, in src/train/schedule.cpp

/// The choices of a table whose rows extend Choice: `struct Row : Choice { …make; }`.
template <class Row, std::size_t N>
std::vector<Choice> choices_of(const Row (&table)[N]) {
  return {std::begin(table), std::end(table)};
}

/// The row called `name`; null if there is none.
template <class Row, std::size_t N>
constexpr const Row* find_row(const Row (&table)[N], std::string_view name) {
  for (const Row& row : table) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace elbo
