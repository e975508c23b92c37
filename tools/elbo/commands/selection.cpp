#include "commands/selection.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <numbers>
#include <numeric>

#include "base/running.h"
#include "reports/column_table.h"
#include "reports/report.h"
#include "base/check.h"
#include "drawing/axes.h"

namespace elbo::command {
namespace {

Spread negative(Spread spread) {
  spread.mean = -spread.mean;
  return spread;
}

/// A curve over the sizes: its points and the half-length of their error bars.
struct Curve {
  std::string name;
  std::vector<Spread> points;
  std::int64_t colour;
};

void span_curves(Frame& frame, const std::vector<Curve>& curves) {
  double low = INFINITY, high = -INFINITY;
  for (const Curve& curve : curves) {
    for (const Spread& point : curve.points) {
      const double bar = point.deviation.value_or(0.0);
      low = std::min(low, point.mean - bar);
      high = std::max(high, point.mean + bar);
    }
  }
  const double pad = std::max(0.08 * (high - low), 0.5);
  frame.vertical = {low - pad, high + pad};
}

void draw_axes(Canvas& canvas, const Frame& frame, const std::string& title, const Selection& selection) {
  draw_vertical_ticks(canvas, frame);
  for (std::size_t i = 0; i < selection.sizes.size(); ++i) {
    const std::string label = std::to_string(selection.sizes[i].latent);
    const auto x = std::llround(frame.x(static_cast<double>(i)));
    if (i == selection.chosen) canvas.rectangle(x, frame.top, 1, frame.height, kInk);
    canvas.text(x - Canvas::text_width(label) / 2, frame.top + frame.height + 8, label);
  }
  draw_box(canvas, frame);
  canvas.text(frame.left, frame.top - Canvas::kTextHeight - 10, title);
  canvas.text(frame.left, frame.top + frame.height + 30, "latent dimensions; the line: enough");
}

void draw_curve(Canvas& canvas, const Frame& frame, const Curve& curve) {
  const Colour colour = palette(curve.colour);
  for (std::size_t i = 0; i < curve.points.size(); ++i) {
    const double x = frame.x(static_cast<double>(i)), y = frame.y(curve.points[i].mean);
    canvas.dot(x, y, 4.0, colour, 1.0);
    if (const auto bar = curve.points[i].deviation) {
      const auto top = std::llround(frame.y(curve.points[i].mean + *bar));
      const auto bottom = std::llround(frame.y(curve.points[i].mean - *bar));
      canvas.rectangle(std::llround(x), top, 1, std::max<std::int64_t>(bottom - top, 1), colour);
      for (const auto end : {top, bottom}) canvas.rectangle(std::llround(x) - 4, end, 9, 1, colour);
    }
    if (i + 1 < curve.points.size())
      draw_line(canvas, x, y, frame.x(static_cast<double>(i + 1)), frame.y(curve.points[i + 1].mean), colour);
  }
}

std::string above_in_words(const Size& size) {
  return size.above_error ? concat(fixed(size.above), " ± ", fixed(*size.above_error)) : std::string("-");
}

/// The cost differences between one size and the best, for all examples of all seeds: [seeds][examples].
std::vector<std::vector<double>> differences(const Size& size, const Size& best) {
  std::vector<std::vector<double>> all = size.costs;
  ELBO_CHECK(all.size() == best.costs.size(), DataError,
             "the sizes have different numbers of seeds: train them anew (--force)");
  for (std::size_t seed = 0; seed < all.size(); ++seed) {
    ELBO_CHECK(all[seed].size() == best.costs[seed].size(), DataError,
               "the sizes were tried on different examples: train them anew (--force)");
    for (std::size_t i = 0; i < all[seed].size(); ++i) all[seed][i] -= best.costs[seed][i];
  }
  return all;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double error_of_means(const std::vector<std::vector<double>>& seeds) {
  RunningMoments means;
  for (const auto& of_seed : seeds) means.add(mean_of(of_seed));
  return means.standard_error();
}

/// The mean difference's standard error, from the spread of the seeds' means. It is at most the value for
/// seeds that spread like the best size's; otherwise a size with occasional failed trainings could count as
/// enough.
double error_over_seeds(const Size& size, const Size& best) {
  return std::min(error_of_means(differences(size, best)), std::numbers::sqrt2 * error_of_means(best.costs));
}

/// The same from the spread of the examples, which all seeds share, or each seed has its own.
double error_over_examples(const Size& size, const Size& best, bool same_examples) {
  const auto all = differences(size, best);
  const auto seeds = static_cast<double>(all.size());
  if (!same_examples) {
    double squares = 0.0;
    for (const auto& of_seed : all) {
      RunningMoments examples;
      for (const double difference : of_seed) examples.add(difference);
      squares += examples.standard_error() * examples.standard_error();
    }
    return std::sqrt(squares) / seeds;
  }
  RunningMoments examples;
  for (std::size_t i = 0; i < all.front().size(); ++i) {
    double sum = 0.0;
    for (const auto& of_seed : all) sum += of_seed[i];
    examples.add(sum / seeds);
  }
  return examples.standard_error();
}

/// With held-out examples of their own, the seeds' spread includes that of the examples, but a few seeds may
/// show too little of it.
double error_of_difference(const Size& size, const Size& best, bool same_examples) {
  const double examples = error_over_examples(size, best, same_examples);
  if (best.costs.size() < 2) return examples;
  const double seeds = error_over_seeds(size, best);
  return same_examples ? std::hypot(seeds, examples) : std::max(seeds, examples);
}

}  // namespace

Size size_of(std::int64_t latent, const std::string& split, std::vector<Json> runs,
             std::vector<std::vector<double>> costs) {
  const auto of = [&](const std::string& at) {
    const auto found = spread(runs, at);
    ELBO_CHECK(found.has_value(), DataError, "the result of a training lacks ", at);
    return *found;
  };
  Size size;
  size.latent = latent;
  size.elbo = of(concat(split, "/elbo"));
  size.kl = of(concat(split, "/kl"));
  size.active_units = of("active_units");
  size.nll = spread(runs, "nll");
  size.runs = std::move(runs);
  size.costs = std::move(costs);
  return size;
}

Selection select(std::vector<Size> sizes, const std::string& split, bool same_examples) {
  Selection selection;
  selection.split = split;
  selection.sizes = std::move(sizes);
  auto& all = selection.sizes;
  for (std::size_t i = 1; i < all.size(); ++i) {
    if (all[i].cost() < all[selection.best].cost()) selection.best = i;
  }
  const Size& best = selection.best_size();
  selection.by_nll = best.nll.has_value();
  selection.over_seeds = best.costs.size() > 1;
  for (Size& size : all) {
    if (&size == &best) continue;
    size.above = size.cost() - best.cost();
    size.above_error = error_of_difference(size, best, same_examples);
  }
  const auto enough = [](const Size& size) { return size.above <= size.above_error.value_or(0.0); };
  selection.chosen = static_cast<std::size_t>(std::ranges::find_if(all, enough) - all.begin());
  return selection;
}

std::string Selection::rule() const {
  std::string text = concat("The lowest ", by_nll ? "NLL" : "-ELBO", " is that of ", best_size().latent,
                            " dimensions, ", fixed(best_size().cost()));
  if (chosen != best) {
    text +=
        concat("; the smallest size within one standard error of it (over ", over_seeds ? "seeds and " : "",
               "examples) has ", chosen_size().latent, ": more does not help.");
  } else if (chosen == 0) {
    text += ": the smallest size that was tried is enough.";
  } else {
    text += "; no smaller size comes within one standard error of it: take it.";
  }
  if (!over_seeds) text += " --repeat would show how much of that is the luck of one seed.";
  if (chosen + 1 == sizes.size() && sizes.size() > 1) text += " No larger size was tried: one may be better.";
  if (split == "test") {
    text += " The test data chose it, as there is no validation data; ";
    text += "with data.validation, the results on the test data stay unbiased.";
  }
  return text;
}

namespace {

/// "98.12±0.35": without the blanks, so that a line fits a terminal.
std::string tight(std::string text) {
  for (std::size_t at; (at = text.find(" ± ")) != std::string::npos;)
    text.replace(at, std::string_view(" ± ").size(), "±");
  return text;
}

}  // namespace

void print_selection(const Selection& selection) {
  std::vector<TableLine> lines = {{"latent", "-ELBO", "KL"}};
  if (selection.by_nll) lines[0].push_back("NLL");
  lines[0].insert(lines[0].end(), {"active units", "above", ""});
  for (std::size_t i = 0; i < selection.sizes.size(); ++i) {
    const Size& size = selection.sizes[i];
    TableLine line = {std::to_string(size.latent), tight(in_words(negative(size.elbo))),
                      tight(in_words(size.kl))};
    if (selection.by_nll) line.push_back(size.nll ? tight(in_words(*size.nll)) : "-");
    line.push_back(tight(in_words(size.active_units, 1)));
    line.push_back(tight(above_in_words(size)));
    line.emplace_back(i == selection.chosen ? "enough" : i == selection.best ? "lowest" : "");
    lines.push_back(std::move(line));
  }
  print_columns(std::move(lines), 0);
  std::cout << '\n' << wrapped(selection.rule()) << '\n';
}

Canvas draw_selection(const Selection& selection) {
  constexpr std::int64_t kWidth = 440, kHeight = 320, kLabels = 72, kTop = 48, kBottom = 64;
  Canvas canvas(2 * (kWidth + kLabels) + 24, kTop + kHeight + kBottom);
  Curve elbo{"-ELBO", {}, 0}, nll{"NLL", {}, 1}, active{"active units", {}, 2};
  for (const Size& size : selection.sizes) {
    elbo.points.push_back(negative(size.elbo));
    if (size.nll) nll.points.push_back(*size.nll);
    active.points.push_back(size.active_units);
  }
  std::vector<Curve> costs = {elbo};
  if (!nll.points.empty()) costs.push_back(nll);
  const Span sizes{-0.5, static_cast<double>(selection.sizes.size()) - 0.5};
  Frame left{kLabels - 4, kTop, kWidth, kHeight, sizes, {}};
  Frame rightmost{kWidth + 2 * kLabels - 4, kTop, kWidth, kHeight, sizes, {}};
  span_curves(left, costs);
  span_curves(rightmost, {active});
  draw_axes(canvas, left, concat("nats, ", selection.split, " data"), selection);
  draw_axes(canvas, rightmost, "active units", selection);
  for (const Curve& curve : costs) draw_curve(canvas, left, curve);
  draw_curve(canvas, rightmost, active);
  for (std::size_t i = 0; i < costs.size(); ++i) {
    const std::int64_t y = kTop - Canvas::kTextHeight - 10;
    const std::int64_t x = kLabels + kWidth - 140 + static_cast<std::int64_t>(i) * 88;
    canvas.dot(static_cast<double>(x), static_cast<double>(y) + 7.0, 5.0, palette(costs[i].colour), 1.0);
    canvas.text(x + 14, y, costs[i].name);
  }
  return canvas;
}

}  // namespace elbo::command
