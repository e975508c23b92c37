// elbo augment

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <memory>

#include "base/check.h"
#include "commands/command.h"
#include "commands/run_argument.h"
#include "reports/labelled_samples.h"
#include "reports/table_file.h"

namespace elbo::command {
namespace {

constexpr std::int64_t kRows = 4096;  // made at a time

struct AugmentOptions : DataOptions {
  std::string run, out, from = "posterior";
  Machine machine;
  std::int64_t count = 0;
  std::uint64_t seed = 1;
  bool draw = false;
};

/// Rows that a model has made: their labels by name, and what they were made from.
struct Made {
  Table rows;
  std::vector<std::string> labels, sources;
};

/// Made examples from number `first` on, `count` of them.
class Maker {
 public:
  virtual ~Maker() = default;
  virtual Made make(std::int64_t first, std::int64_t count) const = 0;
};

Table decoded(const Model& model, const AugmentOptions& options, const Table& codes, std::int64_t first,
              const std::vector<std::int32_t>& labels) {
  return options.draw ? model.draw(codes, options.seed, first, labels) : model.decode(codes, labels);
}

/// Decodes draws from the posteriors of examples, each in turn, and keeps their labels.
class FromPosteriors final : public Maker {
 public:
  FromPosteriors(const Model& model, const AugmentOptions& options, const Dataset& data,
                 const Examples& examples)
      : model_(model), options_(options), data_(data), examples_(examples) {}

  Made make(std::int64_t first, std::int64_t count) const override {
    std::vector<std::int64_t> numbers;
    for (std::int64_t i = first; i < first + count; ++i) numbers.push_back(i % examples_.count);
    const Examples chosen = examples_.chosen(numbers);
    const Table codes = model_.posterior_codes(chosen, options_.seed, first);
    const auto labels = is_conditional(model_) ? chosen.labels : std::vector<std::int32_t>();
    Made made{decoded(model_, options_, codes, first, labels), {}, {}};
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int32_t label = chosen.labels[static_cast<std::size_t>(i)];
      made.labels.push_back(label == kNoLabel ? "" : label_name(data_, label));
      made.sources.push_back(concat(row_word(chosen), " ", row_number(chosen, i)));
    }
    return made;
  }

 private:
  const Model& model_;
  const AugmentOptions& options_;
  const Dataset& data_;
  const Examples& examples_;
};

/// Decodes draws from the prior with every label in turn.
class FromPrior final : public Maker {
 public:
  FromPrior(const Model& model, const AugmentOptions& options) : model_(model), options_(options) {}

  Made make(std::int64_t first, std::int64_t count) const override {
    const LabelledCodes from = codes_of_all_labels(model_, options_.seed, first, count);
    Made made{decoded(model_, options_, from.codes, first, from.labels), {}, {}};
    for (const auto& text : label_texts(model_, from.labels)) made.labels.push_back(text.front());
    made.sources.assign(static_cast<std::size_t>(count), "prior");
    return made;
  }

 private:
  const Model& model_;
  const AugmentOptions& options_;
};

void write(const Model& model, const Dataset& data, const Maker& maker, const AugmentOptions& options) {
  TableFile table(options.out, options.count, value_names(model, data.columns), {"label", "made_from"});
  table.write_as(modelled_columns(model.schema()));
  for (std::int64_t first = 0; first < options.count; first += kRows) {
    const Made made = maker.make(first, std::min(kRows, options.count - first));
    std::vector<std::vector<std::string>> texts;
    for (std::size_t i = 0; i < made.labels.size(); ++i) texts.push_back({made.labels[i], made.sources[i]});
    table.append(made.rows, texts);
  }
  table.commit();
}

int run_augment(AugmentOptions options) {
  file_kind(options.out, {FileKind::csv});
  const Model model = load_model(options.run, options.machine);
  if (!model.has_prior()) throw ConfigError("augment needs a VAE: an autoencoder has nothing to draw from.");
  const bool by_prior = options.from == "prior";
  if (by_prior && !is_conditional(model))
    throw ConfigError(
        "--from prior makes examples of each label, which needs a conditional model; see docs/labels.md.");
  if (options.split.empty() && is_own_data(model, options.data)) options.split = "train";
  const Dataset data = load_data(model, options);
  if (by_prior) {
    write(model, data, FromPrior(model, options), options);
  } else {
    const Examples& examples = choose_split(data, options.split);
    if (examples.labels.empty())
      throw DataError(concat(
          data.name, " has no labels for what is made of it to keep: name their column with --label."));
    if (options.count == 0) options.count = examples.count;
    write(model, data, FromPosteriors(model, options, data, examples), options);
  }
  std::cout << options.out << ": " << options.count << ' ' << unit_of(model.picture()) << " made by "
            << options.run
            << (by_prior
                    ? " from its prior, each label in turn\n"
                    : concat(" from posteriors of the ", options.split, " split, whose labels they keep\n"));
  return 0;
}

}  // namespace

void add_augment(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand("augment", "Labelled new examples made by a model, as a table");
  auto options = std::make_shared<AugmentOptions>();
  add_run(*command, options->run);
  add_data_options(*command, *options);
  command->add_option("--out", options->out, "A .csv file: label, what each row was made from, its values")
      ->required();
  auto* count =
      command->add_option("-n,--count", options->count, "Number of new examples [as many as the split has]")
          ->check(CLI::Range(std::int64_t{1}, std::int64_t{100'000'000}));
  command
      ->add_option(
          "--from", options->from,
          "posterior: decoded draws of each example's posterior, which keep its label; prior: of each "
          "label in turn, by a conditional model")
      ->check(CLI::IsMember({"posterior", "prior"}))
      ->capture_default_str();
  command->add_flag("--draw", options->draw,
                    "Draw x from p(x|z); without it, x is the mean or the most probable class");
  add_seed(*command, options->seed, "Which");
  add_machine(*command, options->machine);
  command->callback([options, count, &action] {
    if (options->from == "prior" && count->count() == 0)
      throw CLI::ValidationError("--from prior", "needs a number of new examples, -n");
    action = [options] { return run_augment(*options); };
  });
}

}  // namespace elbo::command
