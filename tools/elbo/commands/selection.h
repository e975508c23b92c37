#pragma once
// Decides which size of the latent space is enough.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drawing/canvas.h"
#include "commands/repeat.h"

namespace elbo::command {

/// Results of the trainings with one latent size on the held-out data, in nats except for active_units.
struct Size {
  std::int64_t latent = 0;
  Spread elbo, kl, active_units;
  std::optional<Spread> nll;
  std::vector<Json> runs;
  std::vector<std::vector<double>> costs;  ///< for each seed, the cost of each example

  /// The cost above the best size's, and its standard error; none for the best size.
  double above = 0.0;
  std::optional<double> above_error;

  /// The cost by which sizes are compared: the NLL, or −ELBO if there is none.
  double cost() const { return nll ? nll->mean : -elbo.mean; }
};

/// Makes a Size from the results of train_seeds() and held_out_costs().
Size size_of(std::int64_t latent, const std::string& split, std::vector<Json> runs,
             std::vector<std::vector<double>> costs);

struct Selection {
  std::vector<Size> sizes;  ///< in growing order
  std::string split;
  bool by_nll = true;
  std::size_t best = 0;     ///< the size with the lowest cost
  std::size_t chosen = 0;   ///< the smallest within one standard error of it
  bool over_seeds = false;  ///< whether the errors are over seeds as well as over examples

  const Size& best_size() const { return sizes[best]; }
  const Size& chosen_size() const { return sizes[chosen]; }
  /// The choice and its rule, as a sentence.
  std::string rule() const;
};

/// The one-standard-error rule (Breiman et al. 1984, section 3.4.3) for differences: chooses the smallest
/// size whose cost exceeds the best size's by at most the standard error of the difference. All sizes are
/// evaluated on the same examples and compared example by example, so an example that is costly in every size
/// does not matter. With one seed, the error is over examples. With several seeds there is also an error over
/// seeds: the differences' deviation / √seeds, but at most √2 times that of the best size's costs. The total
/// is the root of the sum of both squares if all seeds have the same examples. Otherwise each seed has its
/// own examples, and the total is the larger error.
Selection select(std::vector<Size> sizes, const std::string& split, bool same_examples);

/// Prints a row for each size, and the rule's sentence.
void print_selection(const Selection& selection);

/// Draws −ELBO, NLL and active units by latent size; bars are a standard deviation over seeds.
Canvas draw_selection(const Selection& selection);

}  // namespace elbo::command
