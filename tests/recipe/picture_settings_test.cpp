// The settings of pictures: data.picture_size, data.resize, data.channels, data.background.

#include "recipe/picture_settings.h"

#include <gtest/gtest.h>

#include "support/data.h"

namespace elbo {
namespace {

using test::expect_error;

TEST(RecipePictures, NothingIsResizedByDefault) {
  EXPECT_EQ(picture_resizing({}, 0), std::nullopt);
  EXPECT_EQ(picture_resizing({}, 3), std::nullopt);
}

TEST(RecipePictures, SizesAndChannels) {
  DataSettings settings;
  settings.picture_size = 8;
  EXPECT_EQ(picture_resizing(settings, 3), (PictureShape{8, 8, 3}));
  settings = {};
  settings.resize = "64x48";
  EXPECT_EQ(picture_resizing(settings, 0), (PictureShape{48, 64, 0}));
  settings.channels = 1;
  EXPECT_EQ(picture_resizing(settings, 3), (PictureShape{48, 64, 1}));
  settings.resize.clear();
  EXPECT_EQ(picture_resizing(settings, 3), (PictureShape{0, 0, 1}));
}

TEST(RecipePictures, WhatIsNoSizeIsRefused) {
  for (const char* text : {"64", "x", "64x", "x48", "64x48x3", "64 x 48", "0x4", "4x5000", "-4x4", "4X4"}) {
    Recipe recipe;
    recipe.data.resize = text;
    expect_error<ConfigError>([&] { recipe.validate(); }, {"data.resize", text, "64x48"});
  }
}

TEST(RecipePictures, ContradictionsAreRefused) {
  Recipe both;
  both.data.resize = "8x8";
  both.data.picture_size = 8;
  expect_error<ConfigError>([&] { both.validate(); }, {"data.picture_size", "data.resize", "use one"});
  Recipe two;
  two.data.channels = 2;
  expect_error<ConfigError>([&] { two.validate(); }, {"data.channels", "is 2"});
  Recipe grey;
  grey.data.background = 256;
  expect_error<ConfigError>([&] { grey.validate(); }, {"data.background"});
}

}  // namespace
}  // namespace elbo
