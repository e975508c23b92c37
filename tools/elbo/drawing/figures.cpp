#include "drawing/figures.h"

#include <algorithm>

#include "drawing/curves.h"
#include "drawing/pictures.h"
#include "commands/run_argument.h"
#include "base/check.h"
#include "reports/labelled_samples.h"
#include "reports/table_file.h"

namespace elbo::command {
namespace {

constexpr std::int64_t kPoints = 2000;  // more points would hide each other

void append(Table& table, const Table& rows) {
  table.cols = rows.cols;
  table.rows += rows.rows;
  table.values.insert(table.values.end(), rows.values.begin(), rows.values.end());
}

/// At most `most` rows of the data, evenly spaced, since the data may be sorted.
Table spread(const Examples& examples, std::int64_t max_count) {
  const Examples chosen = examples.evenly_spaced(max_count);
  return to_table(chosen, 0, chosen.count);
}

Table rows_of(const Table& table, std::int64_t first, std::int64_t count) {
  const auto begin = table.values.begin() + first * table.cols;
  return {count, table.cols, {begin, begin + count * table.cols}};
}

}  // namespace

bool is_planar(const Model& model) {
  return !model.picture().is_picture() && model.dims() == 2;
}

Canvas draw_samples(const Model& model, const Table& samples, const Examples* data,
                    const SampleStyle& style) {
  if (is_planar(model)) {
    std::vector<Panel> panels;
    if (data) panels.push_back({"data", spread(*data, kPoints), {}, 7});
    panels.push_back({style.drawn ? "samples: x from p(x|z), z from the prior"
                                  : "samples: mean of p(x|z), z from the prior",
                      rows_of(samples, 0, std::min(kPoints, samples.rows)),
                      {},
                      0});
    return draw_scatter(panels);
  }
  // Chooses a grid about as wide as high, with full rows if possible.
  std::int64_t columns = std::max<std::int64_t>(style.columns, 1);
  while (style.columns == 0 && columns * columns < samples.rows) ++columns;
  const std::string what = style.drawn ? "x from p(x|z), z from the prior" : "draws from the prior, decoded";
  return draw_grid(samples, model.picture(),
                   {.columns = std::min<std::int64_t>(columns, 32),
                    .caption = what + (style.columns > 0 ? "; a label in each column" : "")},
                   display_range(samples));
}

Canvas draw_reconstructions(const Model& model, const Table& originals, const Table& reconstructions,
                            const std::string& as) {
  if (is_planar(model)) {
    return draw_scatter({{"data", originals, {}, 7}, {"reconstructions", reconstructions, {}, 0}});
  }
  constexpr std::int64_t kColumns = 12;
  const auto columns = std::min(kColumns, originals.rows);
  GridStyle style{
      .columns = columns, .rows_in_band = 2, .caption = "above: data   below: its reconstruction" + as};
  Table pictures;
  for (std::int64_t below = 0; below < 2; ++below) {
    append(pictures, below ? reconstructions : originals);
    for (std::int64_t i = 0; i < originals.rows; ++i) {
      style.cells.push_back((i / columns * 2 + below) * columns + i % columns);
    }
  }
  return draw_grid(pictures, model.picture(), style, display_range(originals));
}

std::vector<std::pair<std::int64_t, std::int64_t>> walk_pairs(const Examples& examples, std::int64_t count) {
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
  if (examples.labels.empty()) {  // pairs are half the data apart, as it may be sorted
    const std::int64_t half = examples.count / 2, number = std::min(count, half);
    for (std::int64_t i = 0; i < number; ++i) {
      pairs.emplace_back(i * half / number, i * half / number + half);
    }
    return pairs;
  }
  const auto label = [&](std::int64_t i) { return examples.labels[static_cast<std::size_t>(i)]; };
  for (std::int64_t from = 0; from + 1 < examples.count && std::ssize(pairs) < count;) {
    auto to = from + 1;
    while (to < examples.count && label(to) == label(from)) ++to;
    if (to == examples.count) break;
    pairs.emplace_back(from, to);
    from = to + 1;
  }
  return pairs;
}

Canvas draw_walks(const Model& model, const Examples& examples,
                  const std::vector<std::pair<std::int64_t, std::int64_t>>& pairs, bool along_arc) {
  Table ends;
  for (const auto& [from, to] : pairs) {
    append(ends, to_table(examples, from, 1));
    append(ends, to_table(examples, to, 1));
  }
  return draw_walks(model, ends, kWalkSteps, along_arc);
}

Canvas draw_walks(const Model& model, const Table& ends, std::int64_t steps, bool along_arc) {
  const Table codes = model.encode(ends).mean;
  Table rows;
  for (std::int64_t i = 0; i + 1 < ends.rows; i += 2) {
    append(rows, rows_of(ends, i, 1));
    append(rows, model.decode(walk(codes, i, i + 1, steps, along_arc)));
    append(rows, rows_of(ends, i + 1, 1));
  }
  const GridStyle style{.columns = steps + 2,
                        .first_column_apart = true,
                        .last_column_apart = true,
                        .caption = "left and right: data   between: decoded on the way from code to code"};
  return draw_grid(rows, model.picture(), style, display_range(rows));
}

Canvas draw_edits(const Model& model, const Table& originals, const Table& codes,
                  const std::string& caption) {
  const std::int64_t steps = originals.rows > 0 ? codes.rows / originals.rows : 0;
  const Table decoded = model.decode(codes);
  Table rows;
  for (std::int64_t i = 0; i < originals.rows; ++i) {
    append(rows, rows_of(originals, i, 1));
    append(rows, rows_of(decoded, i * steps, steps));
  }
  const GridStyle style{.columns = steps + 1, .first_column_apart = true, .caption = caption};
  return draw_grid(rows, model.picture(), style, display_range(rows));
}

Canvas draw_manifold(const Model& model, std::int64_t n, const Table& conditions) {
  const Table rows = decoded(model, {model.prior_grid(n, conditions), conditions});
  return draw_grid(rows, model.picture(),
                   {.columns = n,
                    .gap = model.picture().channels == 1 ? 0 : 2,
                    .caption = "decoded: z0 to the right, z1 upwards, at quantiles of the prior"},
                   display_range(rows));
}

Canvas draw_latent(const Model& model, const Dataset& data, const Examples& examples) {
  const Examples chosen = examples.evenly_spaced(2 * kPoints);
  Panel panel{"posterior means of z", model.encode(chosen).mean, {}, 0, "z0", "z1"};
  if (!chosen.labels.empty()) {
    panel.groups = chosen.labels;
    panel.group_names = data.label_names;
    panel.title += ", a colour per label";
  }
  return draw_scatter({panel});
}

std::vector<Figure> write_figures(const Model& model, const Dataset& data,
                                  const std::filesystem::path& folder) {
  std::vector<Figure> figures;
  const auto write = [&](const Canvas& canvas, const char* name, std::string what) {
    canvas.write_png(folder / name);
    figures.push_back({folder / name, std::move(what)});
  };
  std::string chosen;
  const auto& examples = choose_split(data, chosen);
  const bool variational = model.has_prior(), picture = model.picture().is_picture();
  const bool drawable = picture || is_planar(model);
  const bool conditional = is_conditional(model);
  std::string drawn_what = reads_label_alone(model)
                               ? "draws from the prior, decoded with each label"
                               : "draws from the prior, decoded" + conditions_told(model);
  std::ranges::replace(drawn_what, '\n', ' ');
  const auto seed = model.recipe().train.seed;
  if (variational && drawable) {
    const std::int64_t columns = columns_of_labels(model);
    const LabelledCodes from = codes_of_all_labels(model, seed, 0,
                                                   !picture      ? kPoints
                                                   : columns > 0 ? 12 * columns
                                                                 : 144);
    write(draw_samples(model, decoded(model, from), &examples, {.columns = columns}), "samples.png",
          drawn_what);
  }
  if (drawable) {
    const Examples some = examples.evenly_spaced(picture ? (examples.count < 36 ? 12 : 36) : kPoints);
    write(draw_reconstructions(model, to_table(some, 0, some.count), model.reconstruct(some)),
          "reconstructions.png", chosen + " data and its reconstructions");
  }
  if (const auto pairs = walk_pairs(examples, 8); picture && !pairs.empty() && !conditional) {
    write(draw_walks(model, examples, pairs, false), "walk.png", "walks from one example to another");
  }
  if (model.latent() == 2) {
    if (variational && picture) {
      constexpr std::int64_t kSide = 20;
      write(draw_manifold(model, kSide, same_conditions(model, kSide * kSide)), "manifold.png",
            "the latent plane, decoded" + (conditional ? " with " + same_told(model) : ""));
    }
    write(draw_latent(model, data, examples), "latent.png",
          "where " + chosen + " data lies in the latent plane");
  }
  if (const auto epochs = read_metrics(folder); !epochs.empty())
    write(draw_curves(epochs, variational), "curves.png", "the costs by epoch, drawn");
  if (!drawable && variational) {
    const auto file = folder / "samples.csv";
    TableFile table(file, 1000, value_names(model, data.columns), condition_names(model));
    table.write_as(modelled_columns(model.schema()));
    const LabelledCodes from = codes_of_all_labels(model, seed, 0, 1000);
    table.append(decoded(model, from), condition_texts(model, from.conditions));
    table.commit();
    figures.push_back({file, drawn_what});
  }
  return figures;
}

}  // namespace elbo::command
