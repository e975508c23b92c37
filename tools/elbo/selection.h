#pragma once
// Which size of the latent space is enough.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "canvas.h"
#include "repeat.h"

namespace elbo::command {

/// What trainings with one latent size gave on the held-out data, in nats but for active_units.
struct Size {
  std::int64_t latent = 0;
  Spread elbo, kl, active_units;
  std::optional<Spread> nll;
  std::optional<double> nll_standard_error;  ///< of the first seed's NLL, over examples
  std::vector<Json> runs;

  /// What sizes are compared by, smaller is better: the NLL, or −ELBO where there is none.
  double cost() const { return nll ? nll->mean : -elbo.mean; }
};

/// From the results of train_seeds().
Size size_of(std::int64_t latent, const std::string& split, std::vector<Json> runs);

struct Selection {
  std::vector<Size> sizes;  ///< growing
  std::string split;
  bool by_nll = true;
  std::size_t best = 0;    ///< the size with the lowest cost
  std::size_t chosen = 0;  ///< the smallest within one standard error of it
  /// Of the best size's cost; none of a single seed's ELBO.
  std::optional<double> standard_error;
  bool over_seeds = false, over_examples = false;  ///< what that error is of

  const Size& best_size() const { return sizes[best]; }
  const Size& chosen_size() const { return sizes[chosen]; }
  /// The choice and its rule, as a sentence.
  std::string rule() const;
};

/// The one-standard-error rule (Breiman et al. 1984, section 3.4.3): the smallest size whose cost is at most
/// the lowest plus its standard error. Of one seed that is the NLL's error over examples; of several the
/// deviation over seeds / √seeds and, where all seeds are compared on the same examples, which that does not
/// tell, the root of both squares' sum.
Selection select(std::vector<Size> sizes, const std::string& split, bool same_examples);

/// A row for each size, and the rule's sentence.
void print_selection(const Selection& selection);

/// −ELBO and NLL, and active units, by latent size; bars are a standard deviation over seeds.
Canvas draw_selection(const Selection& selection);

}  // namespace elbo::command
