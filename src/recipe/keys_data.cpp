#include "recipe/keys.h"
#include "recipe/picture_settings.h"

namespace elbo {
namespace {

constexpr Choice kBinarize[] = {{"none"}, {"threshold"}, {.name = "dynamic", .formerly = "resample"}};
std::span<const Choice> binarize_choices() {
  return kBinarize;
}

constexpr Choice kMissing[] = {{"auto"}, {"error"}, {"mask"}};
std::span<const Choice> missing_choices() {
  return kMissing;
}

constexpr Choice kHeader[] = {{"auto"}, {"true"}, {"false"}};
std::span<const Choice> header_choices() {
  return kHeader;
}

constexpr Choice kDecimal[] = {{"auto"}, {"point"}, {"comma"}};
std::span<const Choice> decimal_choices() {
  return kDecimal;
}

template <auto Member>
SettingRef at(Recipe& recipe) {
  return setting_ref(recipe.data.*Member);
}

constexpr Bounds kPictureSize = {.low = 0.0, .high = kMaxPictureSide};
constexpr Bounds kChannels = {.low = 0.0, .high = 3.0};
constexpr Bounds kGreyOrNone = {.low = -1.0, .high = 255.0};

using S = DataSettings;
constexpr RecipeKey kKeys[] = {
    {.name = "data.name", .doc = "built-in or known data set, or a file or folder", .at = at<&S::name>},
    {.name = "data.codes_of",
     .doc = "a run or model whose codes of the data are trained on, or a recipe, which is trained first",
     .at = at<&S::codes_of>,
     .may_be_empty = true},
    {.name = "data.validation",
     .doc = "fraction of train held out if the data has no validation split",
     .at = at<&S::validation>,
     .bounds = kFraction},
    {.name = "data.test",
     .doc = "fraction of train held out if the data has no test split",
     .at = at<&S::test>,
     .bounds = kFraction},
    {.name = "data.limit",
     .doc = "training examples that are used, evenly spaced, after those held out; 0: all",
     .at = at<&S::limit>,
     .bounds = kTimes},
    {.name = "data.labels",
     .doc = "training examples that keep their labels, balanced, drawn by the seed, for m2; 0: all",
     .at = at<&S::labels>,
     .bounds = kTimes,
     .turns_on = true},
    {.name = "data.picture_size",
     .doc = "pixels a side that a folder's pictures are resized to; 0: not resized",
     .at = at<&S::picture_size>,
     .bounds = kPictureSize},
    {.name = "data.resize",
     .doc = "width and height that a folder's pictures are resized to, as \"64x48\"; empty: not resized",
     .at = at<&S::resize>,
     .may_be_empty = true},
    {.name = "data.channels",
     .doc = "channels that pictures in files are brought to: 1 grey, 3 colour; 0: as they are",
     .at = at<&S::channels>,
     .bounds = kChannels},
    {.name = "data.background",
     .doc = "grey level that transparent pictures are laid over; -1: transparency is dropped",
     .at = at<&S::background>,
     .bounds = kGreyOrNone},
    {.name = "data.skip_bad",
     .doc = "how many damaged picture files of a folder may be left out",
     .at = at<&S::skip_bad>,
     .bounds = kTimes},
    {.name = "data.binarize",
     .doc = "threshold at 0.5, or draw each value anew from its Bernoulli",
     .at = at<&S::binarize>,
     .choices = binarize_choices},
    {.name = "data.missing",
     .doc = "NaN is an error, or a missing value that the likelihood leaves out; auto: the latter in tables",
     .at = at<&S::missing>,
     .choices = missing_choices},
    {.name = "data.mask",
     .doc = "a file of the data's shape, 0 where a value is missing, else 1; empty: none",
     .at = at<&S::mask>,
     .may_be_empty = true},
    {.name = "data.label",
     .doc = "a table's column of labels; none: it has none; empty: one named label, class or target",
     .at = at<&S::label>,
     .may_be_empty = true},
    {.name = "data.id",
     .doc = "a table's column of ids; none: it has none; empty: one whose name and cells say so",
     .at = at<&S::id>,
     .may_be_empty = true},
    {.name = "data.columns",
     .doc = "a table's columns to use, by name or by number from 1; empty: all",
     .at = at<&S::columns>},
    {.name = "data.drop", .doc = "a table's columns to leave out", .at = at<&S::drop>},
    {.name = "data.kinds",
     .doc = "kinds of a table's columns where they are not to be inferred, as in \"age=count\"",
     .at = at<&S::kinds>},
    {.name = "data.header",
     .doc = "whether a table's first line has the columns' names",
     .at = at<&S::header>,
     .choices = header_choices},
    {.name = "data.decimal",
     .doc = "the decimal sign of a table's numbers",
     .at = at<&S::decimal>,
     .choices = decimal_choices},
    {.name = "data.standardize",
     .doc = "subtract the training mean and divide by its deviation",
     .at = at<&S::standardize>},
};

}  // namespace

std::span<const RecipeKey> data_keys() {
  return kKeys;
}

}  // namespace elbo
