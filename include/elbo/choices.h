#pragma once
// Settings that take one of a fixed set of values. (Parts that a recipe chooses by name, such as its
// likelihood, are texts: each is a row of its table in the library.)

namespace elbo {

/// How values from 0 to 1 become 0 or 1: `data.binarize`.
enum class Binarize {
  none,
  threshold,  ///< 1 above 0.5
  dynamic,    ///< 1 with the value as its probability, drawn anew for every batch
};

/// What NaN in data is: `data.missing`.
enum class MissingValues {
  automatic,  ///< a missing value in a table, an error in other data: follow_data() decides
  error,
  mask,  ///< a missing value, which the likelihood leaves out
};

/// Whether the first line of a text table has the columns' names: `data.header`.
enum class HeaderLine {
  automatic,  ///< it does if none of its cells is a number, or if they count the columns
  present,    ///< "true"
  absent,     ///< "false"
};

/// The decimal sign of a text table's numbers: `data.decimal`.
enum class DecimalSign {
  automatic,  ///< the one that more of the numbers need
  point,
  comma,
};

/// The distribution of initial weights: `model.initialization`.
enum class Initialization {
  pytorch,  ///< weights and biases uniform in ±1/√fan_in, like PyTorch's Linear
  he,       ///< He et al. 2015, eq. 10
  glorot,   ///< Glorot & Bengio 2010, eq. 16
};

/// The decoder's initial output bias: `model.output_bias`.
enum class OutputBias {
  random,  ///< like the other biases
  data,    ///< such that the output is the training data's mean, or its frequencies
};

}  // namespace elbo
