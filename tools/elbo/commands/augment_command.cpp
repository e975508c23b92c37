// elbo augment

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <memory>

#include "base/check.h"
#include "commands/command.h"
#include "commands/made_form.h"
#include "commands/label_option.h"
#include "commands/run_argument.h"
#include "reports/labelled_samples.h"
#include "reports/table_file.h"
#include "reports/waiting_line.h"

namespace elbo::command {
namespace {

constexpr std::int64_t kRows = 4096;  // made at a time

struct AugmentOptions : DataOptions {
  std::string run, out, from = "posterior";
  Machine machine;
  std::int64_t count = 0;
  std::uint64_t seed = 1;
  bool draw = false;

  bool by_prior() const { return from == "prior"; }
};

/// Made examples from number `first` on, `count` of them.
class Maker {
 public:
  virtual ~Maker() = default;
  virtual Made make(std::int64_t first, std::int64_t count) const = 0;
};

/// The made rows of codes.
Table made_rows(const Model& model, const AugmentOptions& options, const LabelledCodes& from,
                std::int64_t first) {
  if (!options.draw) return decoded(model, from);
  return is_conditional(model) ? model.draw(from.codes, options.seed, first, from.conditions)
                               : model.draw(from.codes, options.seed, first);
}

/// Whether the model reads columns, which a made table then has.
bool reads_columns(const Model& model) {
  return is_conditional(model) && !reads_label_alone(model);
}

/// The columns of a conditional model's conditions beside the label; `label`: the label instead.
std::vector<std::size_t> places_of(const Model& model, bool label) {
  std::vector<std::size_t> places;
  const std::vector<ConditionColumn> conditions = model.conditions();
  for (std::size_t j = 0; j < conditions.size(); ++j)
    if ((conditions[j].column.kind == ColumnKind::label) == label) places.push_back(j);
  return places;
}

/// Some columns of texts.
std::vector<std::vector<std::string>> chosen_texts(const std::vector<std::vector<std::string>>& texts,
                                                   const std::vector<std::size_t>& places) {
  std::vector<std::vector<std::string>> chosen(places.empty() ? 0 : texts.size());
  for (std::size_t i = 0; i < chosen.size(); ++i)
    for (const std::size_t j : places) chosen[i].push_back(texts[i][j]);
  return chosen;
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
    const LabelledCodes from{model_.posterior_codes(chosen, options_.seed, first),
                             conditions_read(model_, chosen, options_.seed)};
    Made made{made_rows(model_, options_, from, first), {}, {}};
    made.conditions = chosen_texts(condition_texts(model_, from.conditions), places_of(model_, false));
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int32_t label =
          chosen.labels.empty() ? kNoLabel : chosen.labels[static_cast<std::size_t>(i)];
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

/// Decodes draws from the prior with every label, or combination of levels, in turn.
class FromPrior final : public Maker {
 public:
  FromPrior(const Model& model, const AugmentOptions& options) : model_(model), options_(options) {}

  Made make(std::int64_t first, std::int64_t count) const override {
    const LabelledCodes from = codes_of_all_labels(model_, options_.seed, first, count);
    Made made{made_rows(model_, options_, from, first), {}, {}};
    const auto texts = condition_texts(model_, from.conditions);
    made.conditions = chosen_texts(texts, places_of(model_, false));
    for (const auto& text : chosen_texts(texts, places_of(model_, true))) made.labels.push_back(text.front());
    made.sources.assign(static_cast<std::size_t>(count), "prior");
    return made;
  }

 private:
  const Model& model_;
  const AugmentOptions& options_;
};

/// The examples whose labels are kept: those that have one, where the format has no place for others.
Examples chosen_examples(const Model& model, const Dataset& data, AugmentOptions& options, MadeKind kind) {
  const Examples& examples = choose_split(data, options.split);
  if (reads_columns(model)) return examples;
  const std::int64_t without = std::ranges::count(examples.labels, kNoLabel);
  if (examples.labels.empty() || without == examples.count) {
    throw DataError(
        concat(data.name, " has no labels for what is made of it to keep: name their column with --label."));
  }
  if (without == 0 || !needs_labels(kind)) return examples;
  tell({concat(without, without == 1 ? " example without a label was" : " examples without a label were",
               " left out; a .csv or .tsv file can hold them")});
  return labelled(examples);
}

void write(const Model& model, const Maker& maker, const MadeForm& form) {
  tell(made_notes(form));
  const auto file = make_made_file(form);
  WaitingLine line("making examples");
  for (std::int64_t first = 0; first < form.count; first += kRows) {
    Made made = maker.make(first, std::min(kRows, form.count - first));
    round_whole_columns(model, made.rows);
    file->append(made);
    line.done(static_cast<double>(first + made.rows.rows) / static_cast<double>(form.count));
  }
  file->commit();
}

/// Sets the columns of texts of a model that reads columns.
void set_conditions(const Model& model, const AugmentOptions& options, const Dataset& data, MadeForm& form) {
  if (!reads_columns(model)) return;
  if (needs_labels(form.kind))
    throw ConfigError("augment writes the columns of model.condition as texts: name a .csv or .tsv file.");
  const std::vector<std::string> names = condition_names(model);
  for (const std::size_t j : places_of(model, false)) form.conditions.push_back(names[j]);
  form.labelled = options.by_prior() ? !places_of(model, true).empty() : !data.train.labels.empty();
}

void report(const Model& model, const AugmentOptions& options, const MadeForm& form) {
  std::cout << form.file.string() << ": " << form.count << ' ' << unit_of(model.picture()) << " made by "
            << options.run
            << (!options.by_prior()    ? concat(" from posteriors of the ", options.split, " split, whose ",
                                             reads_columns(model) ? "conditions" : "labels", " they keep\n")
                : reads_columns(model) ? concat(" from its prior", conditions_told(model), "\n")
                                       : " from its prior, each label in turn\n");
  if (const std::string beside = beside_of(form); !beside.empty()) std::cout << beside << '\n';
}

int run_augment(AugmentOptions options) {
  check_made_name(options.out);
  const Model model = load_model(options.run, options.machine);
  if (!model.has_prior()) throw ConfigError("augment needs a VAE: an autoencoder has nothing to draw from.");
  if (options.by_prior() && !is_conditional(model))
    throw ConfigError(
        "--from prior makes examples of each label, which needs a conditional model; see docs/labels.md.");
  if (options.split.empty() && is_own_data(model, options.data)) options.split = "train";
  const Dataset data = load_data(model, options);
  MadeForm form = made_form(model, data, options.out, output_folder(options.run),
                            options.data.empty() ? model.recipe().data.name : options.data);
  set_labels(form, options.by_prior() ? classes_of(model) : data.label_names);
  set_conditions(model, options, data, form);
  form.count = options.count;
  if (options.by_prior()) {
    write(model, FromPrior(model, options), form);
  } else {
    const Examples examples = chosen_examples(model, data, options, form.kind);
    if (form.count == 0) form.count = examples.count;
    write(model, FromPosteriors(model, options, data, examples), form);
  }
  report(model, options, form);
  return 0;
}

}  // namespace

void add_augment(CLI::App& app, Action& action) {
  auto* command =
      app.add_subcommand("augment", "Labelled new examples made by a model, in the data's format");
  auto options = std::make_shared<AugmentOptions>();
  add_run(*command, options->run);
  add_data_options(*command, *options);
  command->add_option(
      "--out", options->out,
      "A .csv, .tsv, .npy or .npz file, or a folder of pictures, which ends in / [augmented in "
      "RUN, in the data's format]");
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
