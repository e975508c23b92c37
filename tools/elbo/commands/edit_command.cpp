// elbo edit

#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

#include "base/check.h"
#include "commands/code_edits.h"
#include "commands/command.h"
#include "commands/label_option.h"
#include "commands/run_argument.h"
#include "drawing/figures.h"
#include "drawing/pictures.h"
#include "reports/table_file.h"
#include "reports/value_text.h"

namespace elbo::command {
namespace {

struct EditOptions : DataOptions {
  std::string run, out;
  Machine machine;
  std::optional<std::string> from, to;
  std::optional<std::int64_t> dimension;
  std::vector<std::string> between;
  std::int64_t count = 0, columns = 0;
  double strength = 1.5;
  bool arc = false;
};

constexpr std::int64_t kEdited = 8;       // examples in a picture
constexpr std::int64_t kEditColumns = 7;  // strengths 0, 0.25, … 1.5

/// What is written: the kind of file, and its place.
struct Output {
  std::filesystem::path file;
  FileKind kind;
};

Output output(const Model& model, const EditOptions& options) {
  const bool drawable = model.picture().is_picture();
  auto kinds = std::vector{FileKind::npy, FileKind::csv};
  if (drawable) kinds.push_back(FileKind::png);
  const std::filesystem::path file = options.out.empty()
                                         ? output_folder(options.run) / (drawable ? "edit.png" : "edit.csv")
                                         : std::filesystem::path(options.out);
  return {file, file_kind(file, kinds)};
}

/// Decoded rows in a table; in a .csv file after the texts and the numbers of their steps.
class StepTable {
 public:
  StepTable(const Model& model, const Output& output, std::int64_t examples, const std::string& step_name,
            const std::vector<double>& steps, LeadingTexts leading)
      : model_(model),
        texts_(output.kind == FileKind::csv),
        steps_(steps),
        leading_(std::move(leading)),
        table_(output.file, examples * std::ssize(steps), value_names(model),
               texts_ ? names(step_name) : std::vector<std::string>()) {
    table_.write_as(modelled_columns(model.schema()));
  }

  /// Appends what codes, [examples · steps, latent], are decoded to.
  void append(const Table& codes) {
    std::vector<std::vector<std::string>> texts;
    for (std::int64_t i = 0; texts_ && i < codes.rows; ++i) texts.push_back(texts_of_next());
    table_.append(model_.decode(codes), texts);
  }
  void commit() { table_.commit(); }

 private:
  std::vector<std::string> names(const std::string& step_name) const {
    std::vector<std::string> all = {"example"};
    all.insert(all.end(), leading_.names.begin(), leading_.names.end());
    all.push_back(step_name);
    return all;
  }
  std::vector<std::string> texts_of_next() {
    const std::size_t example = next_ / steps_.size(), step = next_ % steps_.size();
    ++next_;
    std::vector<std::string> texts = {std::to_string(example)};
    if (!leading_.rows.empty())
      texts.insert(texts.end(), leading_.rows[example].begin(), leading_.rows[example].end());
    texts.push_back(short_number(steps_[step]));
    return texts;
  }

  const Model& model_;
  bool texts_;
  std::vector<double> steps_;
  LeadingTexts leading_;
  TableFile table_;
  std::size_t next_ = 0;
};

/// Whether an end of --between is an example's number in the data, and not a file.
bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos && text.size() < 18;
}

std::string size_of(const Dataset& data) {
  const PictureShape& picture = data.picture;
  if (!picture.is_picture()) return concat("rows of ", data.dims(), " values");
  return concat(picture.width, "x", picture.height, picture.channels == 1 ? " in grey" : " in colour");
}

/// The single example of a file.
Table single_example(const Model& model, const std::string& file) {
  const Dataset data = load_like(model, file);
  if (data.dims() != model.dims()) {
    Dataset own;
    own.picture = model.picture();
    own.train.dims = model.dims();
    throw DataError(concat(file, ": is ", size_of(data), ", and the model's data are ", size_of(own), "."));
  }
  if (data.train.count + data.validation.count + data.test.count != 1 || data.train.empty()) {
    throw ConfigError(concat("--between ", file, ": it has ", data.train.count,
                             " examples. Name a file with one, or two numbers of examples with --data ", file,
                             "."));
  }
  return to_table(data.train, 0, 1);
}

/// The two examples of --between, [2, dims].
Table ends_of(const Model& model, EditOptions& options) {
  Table ends{0, model.dims(), {}};
  const bool numbers = is_number(options.between[0]) && is_number(options.between[1]);
  const Dataset data = numbers ? load_data(model, options) : Dataset();
  for (const std::string& end : options.between) {
    Table one;
    if (numbers) {
      const Examples& examples = choose_split(data, options.split);
      const std::int64_t i = std::stoll(end);
      if (i >= examples.count) {
        throw ConfigError(concat("--between ", i, ": the examples of ", data.name, ", ", options.split,
                                 ", are counted from 0 to ", examples.count - 1, "."));
      }
      one = to_table(examples, i, 1);
    } else {
      one = single_example(model, end);
    }
    ++ends.rows;
    ends.values.insert(ends.values.end(), one.values.begin(), one.values.end());
  }
  return ends;
}

int run_between(const Model& model, EditOptions options) {
  const Output out = output(model, options);
  const Table ends = ends_of(model, options);
  const std::int64_t steps = options.columns > 0 ? options.columns : kWalkSteps;
  if (out.kind == FileKind::png) {
    draw_walks(model, ends, steps, options.arc).write_png(out.file);
  } else {
    StepTable table(model, out, 1, "position", evenly_between(0.0, 1.0, steps), {});
    table.append(walk(model.encode(ends).mean, 0, 1, steps, options.arc));
    table.commit();
  }
  std::cout << out.file.string() << ": from " << options.between[0] << " to " << options.between[1] << " in "
            << steps << " steps\n";
  return 0;
}

/// The data that the model was trained on.
Dataset own_train_data(const Model& model) {
  DataOptions own;
  own.split = "train";
  return load_data(model, own);
}

/// The edit that the options ask for, with a caption, and the class whose examples it suits.
struct Chosen {
  CodeEdit edit;
  std::string what, of_class;
};

/// Classes and quantiles are those of the run's training data.
Chosen chosen_edit(const Model& model, const Dataset& data, const EditOptions& options) {
  const std::int64_t steps = options.columns > 0 ? options.columns : kEditColumns;
  if (options.dimension) {
    CodeEdit edit = along_dimension(model, data, *options.dimension, steps);
    std::string what = concat(edit.name, " from ", short_number(edit.steps.front(), 3), " to ",
                              short_number(edit.steps.back(), 3));
    return {std::move(edit), std::move(what), ""};
  }
  const std::string from = class_named(data, *options.from), to = class_named(data, *options.to);
  if (from == to) throw ConfigError(concat("--from and --to are the same class, ", from, "."));
  return {between_classes(model, data, from, to, options.strength, steps),
          concat("from class ", from, " to ", to, ", strengths 0 to ", short_number(options.strength, 3)),
          from};
}

/// The examples to edit: of the class that the edit leaves, if there are any.
Examples suited(const Dataset& data, const Examples& examples, const std::string& of_class_name) {
  if (of_class_name.empty() || examples.labels.empty()) return examples;
  Examples own = of_class(data, examples, of_class_name);
  if (!own.empty()) return own;
  tell({concat(data.name, ": no example is of class ", of_class_name, ", so others are edited")});
  return examples;
}

void write_edits(const Model& model, const Output& out, const Dataset& data, const Examples& examples,
                 const Chosen& chosen) {
  if (out.kind == FileKind::png) {
    const Table originals = to_table(examples, 0, examples.count);
    draw_edits(model, originals, chosen.edit.apply(model.encode(originals).mean),
               concat("left: data   beside: ", chosen.what))
        .write_png(out.file);
    return;
  }
  StepTable table(model, out, examples.count, chosen.edit.name, chosen.edit.steps,
                  out.kind == FileKind::csv ? leading_texts(examples, data) : LeadingTexts());
  in_chunks(examples, 0, examples.count,
            [&](const Examples& rows) { table.append(chosen.edit.apply(model.encode(rows).mean)); });
  table.commit();
}

/// Refuses options that ask for no edit, or for several.
void check_mode(const EditOptions& options) {
  const bool classes = options.from || options.to, dimension = options.dimension.has_value(),
             between = !options.between.empty();
  if (classes + dimension + between != 1) {
    throw ConfigError(
        "elbo edit takes one of --from CLASS --to CLASS, --dimension D and --between FILE FILE; see elbo "
        "edit "
        "--help.");
  }
  if (classes && !(options.from && options.to))
    throw ConfigError("--from and --to go together: the class that codes leave and the one they approach.");
}

int run_edit(EditOptions options) {
  check_mode(options);
  const Model model = load_model(options.run, options.machine);
  refuse_conditional(model, "edit");
  if (!options.between.empty()) return run_between(model, std::move(options));
  const Output out = output(model, options);
  const Dataset data = load_data(model, options);
  const bool own = is_own_data(model, options.data) && options.split != "all";
  const Chosen chosen = chosen_edit(model, own ? data : own_train_data(model), options);
  Examples examples = suited(data, choose_split(data, options.split), chosen.of_class);
  const std::int64_t usual = out.kind == FileKind::png ? kEdited : examples.count;
  examples = examples.evenly_spaced(options.count > 0 ? options.count : usual);
  write_edits(model, out, data, examples, chosen);
  std::cout << out.file.string() << ": " << examples.count << ' '
            << split_label(model, options.data, data, options.split) << ' ' << unit_of(model.picture())
            << " edited: " << chosen.what << ", in " << chosen.edit.steps.size() << " steps\n";
  return 0;
}

void add_choices(CLI::App& command, const std::shared_ptr<EditOptions>& options) {
  auto* from = command.add_option("--from", options->from, "The class that codes leave, by name or number")
                   ->type_name("CLASS");
  auto* to = command
                 .add_option("--to", options->to,
                             "The class that they approach: adds the difference of the "
                             "two classes' mean codes")
                 ->type_name("CLASS");
  command
      .add_option("--strength", options->strength, "The largest strength of that difference; the first is 0")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str()
      ->needs(from)
      ->needs(to);
  command
      .add_option("--dimension", options->dimension,
                  "Gives latent dimension D, counted from 0, values between its 1 % and 99 % quantile")
      ->type_name("D");
  auto* between =
      command
          .add_option("--between", options->between,
                      "Goes from one example to another: two files of one example each, or two numbers of "
                      "examples of --data, counted from 0")
          ->expected(2)
          ->type_name("FILE FILE");
  command.add_flag("--arc", options->arc, "With --between: along the arc about the origin")->needs(between);
}

}  // namespace

void add_edit(CLI::App& app, Action& action) {
  auto* command = app.add_subcommand(
      "edit",
      "Change the codes of examples in steps, and decode them: towards another class, along a "
      "dimension, or between two examples");
  auto options = std::make_shared<EditOptions>();
  add_run(*command, options->run);
  add_choices(*command, options);
  add_data_options(*command, *options);
  command
      ->add_option(
          "-n,--count", options->count,
          "Number of examples, evenly spaced; of the class FROM where they have labels [8 in a picture, else "
          "all]")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 40));
  command->add_option("--columns", options->columns, "Number of steps [7; 11 with --between]")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{200}));
  command->add_option("--out", options->out,
                      "A .png, .npy or .csv file [edit.png in RUN, edit.csv for tables, replaced]");
  add_machine(*command, options->machine);
  command->callback([options, &action] { action = [options] { return run_edit(*options); }; });
}

}  // namespace elbo::command
