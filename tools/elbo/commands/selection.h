#pragma once
// Which size of the latent space is enough.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drawing/canvas.h"
#include "commands/repeat.h"

namespace elbo::command {

/// What trainings with one latent size gave on the held-out data, in nats but for active_units.
struct Size {
  std::int64_t latent = 0;
  Spread elbo, kl, active_units;
  std::optional<Spread> nll;
  std::vector<Json> runs;
  std::vector<std::vector<double>> costs;  ///< of each seed, those of each example

  /// How much more it costs than the best size, and the standard error of that; none of the best itself.
  double above = 0.0;
  std::optional<double> above_error;

  /// What sizes are compared by, smaller is better: the NLL, or −ELBO where there is none.
  double cost() const { return nll ? nll->mean : -elbo.mean; }
};

/// From the results of train_seeds() and held_out_costs().
Size size_of(std::int64_t latent, const std::string& split, std::vector<Json> runs,
             std::vector<std::vector<double>> costs);

struct Selection {
  std::vector<Size> sizes;  ///< growing
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

/// The one-standard-error rule (Breiman et al. 1984, section 3.4.3), of differences: the smallest size that
/// costs more than the best by no more than that difference's standard error. All sizes are tried on the same
/// examples, and so compared example by example: what makes an example dear in every size does not count. Of
/// one seed the error is that over examples. Of several it is as well that over seeds (their differences'
/// deviation / √seeds, but no more than √2 times that of the best size's own costs): the root of both
/// squares' sum where all seeds have the same examples, else the larger one, as each seed's examples are new.
Selection select(std::vector<Size> sizes, const std::string& split, bool same_examples);

/// A row for each size, and the rule's sentence.
void print_selection(const Selection& selection);

/// −ELBO and NLL, and active units, by latent size; bars are a standard deviation over seeds.
Canvas draw_selection(const Selection& selection);

}  // namespace elbo::command
