// Layers made from texts: their shapes, their errors, and the order of their weights in files.

#include "nn/layers.h"

#include <gtest/gtest.h>

#include <numeric>

#include "elbo/error.h"
#include "nn/network.h"
#include "support/expect_says.h"
#include "vae/parts.h"

namespace elbo::nn {
namespace {

/// An encoder of 28 × 28 pictures, or of the given shape.
Network network_of(Builder& builder, std::vector<std::string> layers, PictureShape picture = {28, 28, 1}) {
  const Slot input = builder.activation(
      {.name = "input", .cols = picture.height * picture.width * picture.channels, .picture = picture});
  return make_network(builder, input,
                      {.name = "encoder",
                       .setting = "model.encoder",
                       .layers = std::move(layers),
                       .activation = Activation::relu,
                       .heads = {{"encoder.mean", 3}}});
}

PictureShape shape_after(const std::string& layer, PictureShape picture) {
  Builder builder;
  return network_of(builder, {layer}, picture).layers().front().output.picture;
}

std::string refusal(std::vector<std::string> layers, PictureShape picture = {28, 28, 1}) {
  Builder builder;
  try {
    network_of(builder, std::move(layers), picture);
  } catch (const ConfigError& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return {};
}

TEST(Layers, ShapesOfConvolutions) {
  EXPECT_EQ(shape_after("conv 8", {28, 28, 1}), (PictureShape{28, 28, 8}));
  EXPECT_EQ(shape_after("conv 8 k5", {7, 9, 2}), (PictureShape{7, 9, 8}));
  EXPECT_EQ(shape_after("conv 8 s2", {28, 27, 1}), (PictureShape{14, 14, 8}));
  EXPECT_EQ(shape_after("conv 8 k4 s2", {28, 28, 1}), (PictureShape{14, 14, 8}));
  EXPECT_EQ(shape_after("conv 8 k4 p0", {28, 28, 1}), (PictureShape{25, 25, 8}));
  EXPECT_EQ(shape_after("gated conv 8 k1", {4, 5, 3}), (PictureShape{4, 5, 8}));
}

TEST(Layers, TransposesMakePicturesAsManyTimesAsLarge) {
  for (const int kernel : {2, 3, 4, 5}) {
    EXPECT_EQ(shape_after("deconv 8 s2 k" + std::to_string(kernel), {7, 5, 4}), (PictureShape{14, 10, 8}));
  }
  EXPECT_EQ(shape_after("deconv 8 k3", {7, 5, 4}), (PictureShape{7, 5, 8}));
  EXPECT_EQ(shape_after("deconv 8 k3 s2 o0", {4, 4, 4}), (PictureShape{7, 7, 8}));
  EXPECT_EQ(shape_after("deconv 8 k4 s2 p0", {7, 7, 4}), (PictureShape{16, 16, 8}));
}

TEST(Layers, SummariesSayShapesAndParameters) {
  Builder builder;
  const auto layers = network_of(builder, {"conv 4 k3 s2", "gated 10", "reshape 1x5x2", "400"}).layers();
  ASSERT_EQ(layers.size(), 5u);
  EXPECT_EQ(layers[0].name, "encoder.hidden.0");
  EXPECT_EQ(layers[0].text, "conv 4 k3 s2");
  EXPECT_EQ(layers[0].parameters, 4 * (3 * 3 + 1));
  EXPECT_EQ(layers[1].parameters, 20 * (14 * 14 * 4 + 1));
  EXPECT_EQ(layers[1].output.cols, 10);
  EXPECT_EQ(layers[2].parameters, 0);
  EXPECT_EQ(layers[2].output.picture, (PictureShape{1, 5, 2}));
  EXPECT_EQ(layers[3].parameters, 400 * 11);
  EXPECT_EQ(layers[4].name, "encoder.mean");
  EXPECT_EQ(layers[4].parameters, 3 * 401);
}

TEST(Layers, WhatDoesNotFitIsRefusedByName) {
  std::string said = refusal({"300", "conv 8"});
  EXPECT_SAYS(said, "model.encoder[1] \"conv 8\": it reads a picture, but its input is a row of 300 values");
  EXPECT_SAYS(said, "reshape");
  said = refusal({"conv 8 s2", "conv 4 k9 p0", "conv 4 k9 p0"});
  EXPECT_SAYS(said,
              "model.encoder[2] \"conv 4 k9 p0\": its kernel of 9 x 9 does not fit into pictures of 6 x 6");
  said = refusal({"300", "reshape 7x7x6"});
  EXPECT_SAYS(said,
              "model.encoder[1] \"reshape 7x7x6\": it makes pictures of 294 values, but its input has 300");
  said = refusal({"deconv 3 k5 p4"}, {2, 2, 1});
  EXPECT_SAYS(said, "model.encoder[0] \"deconv 3 k5 p4\": a padding of 4 leaves nothing of pictures");
  said = refusal({"deconv 60000 k255 s255"});
  EXPECT_SAYS(said, "values an example");
}

TEST(Layers, ALastLayerOfThePicturesSizeGetsAConvolutionalHead) {
  ModelSettings settings;
  settings.encoder = {"conv 4 s2"};
  settings.decoder = {98, "reshape 7x7x2", "deconv 3 s2"};
  settings.latent = 2;
  settings.likelihood = "gaussian-learned";
  const auto shape_of = [&](const std::string& name,
                            const PictureShape& picture) -> std::vector<std::int64_t> {
    for (const TensorInfo& tensor : VaeParts(resolve(settings, 588, picture)).layout.tensors) {
      if (tensor.name == name) return tensor.shape;
    }
    return {};
  };
  EXPECT_EQ(shape_of("decoder.output.weight", {14, 14, 3}), (std::vector<std::int64_t>{3, 3, 1, 1}));
  EXPECT_EQ(shape_of("decoder.log_variance.bias", {14, 14, 3}), (std::vector<std::int64_t>{3}));
  EXPECT_EQ(shape_of("decoder.hidden.2.weight", {14, 14, 3}), (std::vector<std::int64_t>{2, 3, 3, 3}));
  EXPECT_EQ(shape_of("decoder.output.weight", {28, 7, 3}), (std::vector<std::int64_t>{588, 588}));
}

TEST(TensorInfo, FiltersAreInPyTorchsOrderInFiles) {
  Builder builder;
  builder.parameter(
      {.parts = {{"weight", 2}}, .cols = 2 * 3 * 4, .filter = {.height = 2, .width = 3, .channels = 4}});
  const TensorInfo tensor = ParameterLayout(builder.parameters()).tensors[0];
  EXPECT_EQ(tensor.shape, (std::vector<std::int64_t>{2, 4, 2, 3}));
  std::vector<float> memory(48);
  std::iota(memory.begin(), memory.end(), 0.0f);
  const std::vector<float> file = to_file_order(tensor, memory);
  for (int o = 0; o < 2; ++o) {
    for (int c = 0; c < 4; ++c) {
      for (int y = 0; y < 2; ++y) {
        for (int x = 0; x < 3; ++x) {
          EXPECT_EQ(file[static_cast<std::size_t>(((o * 4 + c) * 2 + y) * 3 + x)],
                    static_cast<float>(((o * 2 + y) * 3 + x) * 4 + c));
        }
      }
    }
  }
  EXPECT_EQ(to_memory_order(tensor, file), memory);
}

TEST(ParameterLayout, SaysWhatStepsAfterTheBackwardPass) {
  Builder builder;
  const auto add = [&](std::int64_t rows, bool with_gradient, Mover mover = Mover::optimizer) {
    builder.parameter({.parts = {{"p", rows}}, .mover = mover, .steps_with_gradient = with_gradient});
  };
  add(10, false);
  add(70, false);
  add(64, true);
  add(5, false, Mover::part);
  add(3, false);
  const ParameterLayout layout(builder.parameters());
  EXPECT_EQ(layout.stepped_after, (std::vector<ArrayRange>{{0, 64 + 128}, {64 + 128 + 64, 64}}));
  EXPECT_EQ(layout.optimized_size, 64 + 128 + 64 + 64);
}

}  // namespace
}  // namespace elbo::nn
