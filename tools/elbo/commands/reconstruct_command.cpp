// elbo reconstruct

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <memory>

#include "commands/command.h"
#include "commands/label_option.h"
#include "drawing/figures.h"
#include "commands/run_argument.h"
#include "base/check.h"
#include "reports/table_file.h"

namespace elbo::command {
namespace {

struct ReconstructOptions : DataOptions {
  std::string run, out;
  std::vector<std::string> as;
  Machine machine;
  std::int64_t count = 0;
  bool walk = false;
  std::vector<std::int64_t> between;
  bool arc = false;
};

std::vector<std::pair<std::int64_t, std::int64_t>> asked_pairs(const ReconstructOptions& options,
                                                               const Examples& examples) {
  if (options.between.empty()) return walk_pairs(examples, options.count > 0 ? options.count : 8);
  for (const auto i : options.between) {
    if (i < 0 || i >= examples.count) {
      throw ConfigError(
          concat("--between ", i, ": examples are counted from 0 to ", examples.count - 1, "."));
    }
  }
  return {{options.between[0], options.between[1]}};
}

int write_walk(const Model& model, const ReconstructOptions& options, const Examples& examples) {
  refuse_conditional(model, "--walk");
  if (!model.picture().is_picture())
    throw ConfigError("--walk draws pictures, and this model's data are none.");
  const auto pairs = asked_pairs(options, examples);
  if (pairs.empty()) throw DataError("a walk needs two different examples.");
  const auto file =
      options.out.empty() ? output_folder(options.run) / "walk.png" : std::filesystem::path(options.out);
  file_kind(file, {FileKind::png});
  draw_walks(model, examples, pairs, options.arc).write_png(file);
  std::cout << file.string() << ": walks from one example to another\n";
  return 0;
}

Table reconstructed(const Model& model, const Examples& examples, const GivenConditions& as) {
  return as.empty() ? model.reconstruct(examples)
                    : model.reconstruct(examples, with_given(model, examples, as));
}

/// ", as if of label 3": the conditions as which codes are decoded.
std::string told_as(const Model& model, const std::vector<std::string>& as) {
  std::string told;
  for (const std::string& text : as) told += (told.empty() ? "" : ", ") + text;
  if (told.empty()) return told;
  return concat(reads_label_alone(model) ? " as if of label " : " as if of ", told);
}

void write_table(const Model& model, const std::filesystem::path& file, const Dataset& data,
                 const Examples& examples, const GivenConditions& as) {
  const bool texts = file_kind(file, {FileKind::npy, FileKind::csv}) == FileKind::csv;
  const LeadingTexts leading = texts ? leading_texts(examples, data) : LeadingTexts();
  TableFile table(file, examples.count, value_names(model, data.columns), leading.names);
  table.write_as(modelled_columns(model.schema()));
  std::size_t first = 0;
  in_chunks(examples, 0, examples.count, [&](const Examples& rows) {
    const std::size_t there = leading.rows.empty() ? 0 : static_cast<std::size_t>(rows.count);
    table.append(reconstructed(model, rows, as), std::span(leading.rows).subspan(first, there));
    first += there;
  });
  table.commit();
}

int run_reconstruct(ReconstructOptions options) {
  auto model = load_model(options.run, options.machine);
  const GivenConditions as = conditions_as(model, options.as);
  const auto data = load_data(model, options);
  const auto& examples = choose_split(data, options.split);
  if (options.walk || options.arc || !options.between.empty()) return write_walk(model, options, examples);

  const bool drawable = model.picture().is_picture() || is_planar(model);
  const auto file = options.out.empty() ? output_folder(options.run) /
                                              (drawable ? "reconstructions.png" : "reconstructions.csv")
                                        : std::filesystem::path(options.out);
  auto kinds = std::vector{FileKind::npy, FileKind::csv};
  if (drawable) kinds.push_back(FileKind::png);
  const bool drawn = file_kind(file, kinds) == FileKind::png;
  const std::int64_t usual = !drawn ? examples.count : model.picture().is_picture() ? 36 : 2000;
  const std::int64_t count = options.count > 0 ? options.count : usual;
  const bool all = count >= examples.count;
  const Examples some = all ? Examples() : examples.evenly_spaced(count);
  const Examples& chosen = all ? examples : some;
  if (drawn) {
    draw_reconstructions(model, to_table(chosen, 0, chosen.count), reconstructed(model, chosen, as),
                         told_as(model, options.as))
        .write_png(file);
  } else {
    write_table(model, file, data, chosen, as);
  }
  std::cout << file.string() << ": " << chosen.count << (all || drawn ? " " : " evenly spaced ")
            << split_label(model, options.data, data, options.split) << ' ' << unit_of(model.picture())
            << " reconstructed" << told_as(model, options.as) << '\n';
  return 0;
}

}  // namespace

void add_reconstruct(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "reconstruct",
      "Encode and decode examples and show the originals too; or walk from one example to another");
  auto options = std::make_shared<ReconstructOptions>();
  add_run(*command, options->run);
  add_data_options(*command, *options);
  command
      ->add_option("-n,--count", options->count,
                   "Number of examples, evenly spaced [36 in a picture, else all]; with --walk of walks [8]")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
  command->add_option("--out", options->out,
                      "A .png, .npy or .csv file [reconstructions.png in RUN, replaced]");
  command
      ->add_option(
          "--as", options->as,
          "A conditional model decodes the codes with this label, or condition as sex=f; several times "
          "[the examples' own]")
      ->type_name("LABEL|NAME=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  command->add_flag("--walk", options->walk,
                    "Instead, decode points between the codes of pairs of examples [walk.png in RUN]");
  command
      ->add_option("--between", options->between, "A --walk between these two examples alone, counted from 0")
      ->expected(2)
      ->type_name("I J");
  command->add_flag("--arc", options->arc,
                    "A --walk along the arc about the origin instead of the straight line");
  add_machine(*command, options->machine);
  command->callback([options, &action] { action = [options] { return run_reconstruct(*options); }; });
}

}  // namespace elbo::command
