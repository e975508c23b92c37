// elbo sample

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <limits>
#include <memory>
#include <optional>

#include "commands/command.h"
#include "commands/label_option.h"
#include "drawing/figures.h"
#include "commands/run_argument.h"
#include "reports/report.h"
#include "base/check.h"
#include "reports/table_file.h"

namespace elbo::command {
namespace {

struct SampleOptions {
  std::string run, out, label;
  Machine machine;
  std::optional<std::int64_t> count;
  std::int64_t manifold = 0;
  std::uint64_t seed = 1;
  bool draw = false;
};

/// A conditional model's plane is decoded with one label, the first unless another is named.
std::string manifold_label(const Model& model, const std::string& asked) {
  return asked.empty() && is_conditional(model) ? classes_of(model).front() : asked;
}

int write_manifold(const Model& model, const SampleOptions& options) {
  if (model.latent() != 2 || !model.picture().is_picture() || !model.has_prior()) {
    throw ConfigError(
        "--manifold needs a VAE of pictures whose latent has two dimensions; train one with --set "
        "model.latent=2.");
  }
  const auto file =
      options.out.empty() ? output_folder(options.run) / "manifold.png" : std::filesystem::path(options.out);
  file_kind(file, {FileKind::png});
  const std::string label = manifold_label(model, options.label);
  draw_manifold(model, options.manifold, label_of_all(model, label, options.manifold * options.manifold))
      .write_png(file);
  std::cout << file.string() << ": the latent plane at " << options.manifold << " x " << options.manifold
            << " points, decoded" << (label.empty() ? "" : concat(" with the label ", label)) << '\n';
  return 0;
}

/// Rows of the seed's sequence, and their labels if the model is conditional.
struct Samples {
  Table rows;
  std::vector<std::int32_t> labels;
};

/// Rows [first, first + count).
Samples sample_rows(const Model& model, const SampleOptions& options, std::int64_t first,
                    std::int64_t count) {
  LabelledCodes from;
  if (options.label.empty()) {
    from = codes_of_all_labels(model, options.seed, first, count);
  } else {
    from.labels = label_of_all(model, options.label, count);
    from.codes = model.prior_codes(count, options.seed, first, from.labels);
  }
  return {options.draw ? model.draw(from.codes, options.seed, first, from.labels)
                       : model.decode(from.codes, from.labels),
          from.labels};
}

// Writes in chunks, so that memory does not grow with the number of samples.
void write_table(const Model& model, const SampleOptions& options, std::int64_t count,
                 const std::filesystem::path& file, FileKind kind) {
  constexpr std::int64_t kRows = 4096;
  const bool texts = kind == FileKind::csv;
  TableFile table(file, count, value_names(model), texts ? label_header(model) : std::vector<std::string>());
  table.write_as(modelled_columns(model.schema()));
  for (std::int64_t first = 0; first < count; first += kRows) {
    const Samples samples = sample_rows(model, options, first, std::min(kRows, count - first));
    table.append(samples.rows,
                 texts ? label_texts(model, samples.labels) : std::vector<std::vector<std::string>>());
  }
  table.commit();
}

// Throws before drawing a picture that no file could hold.
void check_picture_size(const Model& model, std::int64_t count) {
  if (!model.picture().is_picture() || count <= std::numeric_limits<int>::max() / (3 * model.dims())) return;
  throw ConfigError(
      concat(count, " pictures are too many for one PNG file; ask for fewer, or name a .npy file."));
}

/// What a conditional model's samples have for labels, for the report.
std::string labels_told(const Model& model, const SampleOptions& options) {
  if (!is_conditional(model)) return "";
  if (!options.label.empty()) return concat(", with the label ", options.label);
  std::string names;
  for (const std::string& name : classes_of(model)) names += (names.empty() ? "" : ", ") + name;
  return concat(",\neach code with the ", classes_of(model).size(),
                " labels in turn: ", shortened(names, 60));
}

int run_sample(const SampleOptions& options) {
  auto model = load_model(options.run, options.machine);
  label_of_all(model, options.label, 0);  // throws if there is no such label, before a file is begun
  if (options.manifold > 0) return write_manifold(model, options);
  const bool drawable = model.picture().is_picture() || is_planar(model);
  const auto file = options.out.empty()
                        ? output_folder(options.run) / (drawable ? "samples.png" : "samples.csv")
                        : std::filesystem::path(options.out);
  auto kinds = std::vector{FileKind::npy, FileKind::csv};
  if (drawable) kinds.push_back(FileKind::png);
  const FileKind kind = file_kind(file, kinds);
  const std::int64_t columns = options.label.empty() ? columns_of_labels(model) : 0;
  const std::int64_t count = options.count.value_or(options.label.empty() ? shown_samples(model) : 144);
  model.prior_codes(0, options.seed);  // throws if there is no prior, before a file is begun
  if (kind == FileKind::png) {
    check_picture_size(model, count);
    draw_samples(model, sample_rows(model, options, 0, count).rows, nullptr,
                 {.drawn = options.draw, .columns = columns})
        .write_png(file);
  } else {
    write_table(model, options, count, file, kind);
  }
  std::cout << file.string() << ": " << count
            << (options.draw ? " draws of z from the prior and of x from p(x|z)"
                             : " draws from the prior, decoded")
            << labels_told(model, options) << '\n';
  return 0;
}

}  // namespace

void add_sample(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("sample", "Draw from a trained model");
  auto options = std::make_shared<SampleOptions>();
  add_run(*command, options->run);
  command
      ->add_option("-n,--count", options->count,
                   "Number of samples [144; of a conditional model 12 with each label]")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{100'000'000}));
  add_seed(*command, options->seed, "Which");
  command
      ->add_option("--label", options->label,
                   "The label of all samples of a conditional model, by its name [each in turn]")
      ->type_name("NAME");
  command->add_option("--out", options->out, "A .png, .npy or .csv file [samples.png in RUN, replaced]");
  auto* draw = command->add_flag("--draw", options->draw,
                                 "Draw x from p(x|z); without it, x is the mean or the most probable class");
  command
      ->add_option("--manifold", options->manifold,
                   "Instead, decode N x N points of a two-dimensional latent space")
      ->expected(0, 1)
      ->default_str("20")
      ->check(CLI::Range(1, 200))
      ->type_name("N")
      ->excludes(draw);
  add_machine(*command, options->machine);
  command->callback([options, &action] { action = [options] { return run_sample(*options); }; });
}

}  // namespace elbo::command
