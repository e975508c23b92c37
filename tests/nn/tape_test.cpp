// Declared slots and parameters: their places on a tape and in the layout.

#include <gtest/gtest.h>

#include "elbo/error.h"
#include "nn/builder.h"

namespace elbo::nn {
namespace {

/// A tape in its own memory.
struct Planned {
  Context context{Device::cpu()};
  Arena arena;
  Tape tape;

  Planned(const Plan& plan, TapeSize size, unsigned uses) {
    plan.lay_out(arena, size, uses);
    arena = Arena(context, arena.used());
    tape = plan.lay_out(arena, size, uses);
  }
};

TEST(Tape, SlotsHaveTheRowsOfTheirKind) {
  Builder builder;
  const Slot x = builder.activation({.name = "x", .cols = 3});
  const Slot z = builder.activation({.name = "z", .rows = Rows::samples, .cols = 2});
  const Slot cost = builder.activation({.name = "cost", .rows = Rows::one});
  const Slot sums = builder.activation({.name = "sums", .rows = Rows::one, .cols = 2, .type = Type::f64});
  const Slot index = builder.activation({.name = "index", .type = Type::i64});
  const Plan plan(builder.slots());
  const Planned whole(plan, {.rows = 5, .samples = 4}, kAlways);
  const Tape part = whole.tape.first_rows(3);
  for (const Tape* tape : {&whole.tape, &part}) {
    EXPECT_EQ((*tape)[x].rows, tape->rows());
    EXPECT_EQ((*tape)[z].rows, 4 * tape->rows());
    EXPECT_EQ(tape->vector(z).size, 8 * tape->rows());
    EXPECT_EQ((*tape)[cost].rows, 1);
    EXPECT_EQ(tape->doubles(sums).size, 2);
    EXPECT_EQ(tape->integers(index).size, tape->rows());
    EXPECT_EQ((*tape)[x].data, whole.tape[x].data) << "the same memory";
  }
  EXPECT_THROW(whole.tape.first_rows(6), ShapeError);
  EXPECT_TRUE(whole.tape[Slot{}].empty());
}

TEST(Tape, OfTheFirstSlotsHasNoMemoryForTheRest) {
  Builder builder;
  const Slot x = builder.activation({.name = "x", .cols = 3});
  builder.needs_gradient(x, kInputGradient);
  const std::size_t count = builder.slots().size();
  const Slot z = builder.activation({.name = "z", .cols = 1 << 20});
  const Plan plan(builder.slots());
  Arena arena;
  const Tape part = plan.lay_out(arena, {.rows = 2}, kTraining | kInputGradient, count);
  EXPECT_LT(arena.used(), std::size_t{1} << 20);
  EXPECT_EQ(part.gradient(x).cols, 3);
  EXPECT_EQ(part[z].rows, 0);
  EXPECT_EQ(plan.lay_out(arena, {.rows = 2}, kTraining).gradient(x).rows, 0) << "the tape has another use";
}

TEST(Tape, SlotsAreThereWhereTheirUsesAre) {
  Builder builder;
  const Slot whole = builder.activation({.name = "whole", .cols = 6, .of_batch = true});
  const Slot part = builder.part(whole, "part", 2, 3, kCorrupted);
  const Slot mask = builder.activation({.name = "mask", .uses = kMasked, .of_batch = true});
  builder.needs_gradient(whole);
  const Plan plan(builder.slots());

  const Planned plain(plan, {.rows = 2}, kAlways);
  EXPECT_EQ(plain.tape[part].data, plain.tape[whole].data + 2);
  EXPECT_EQ(plain.tape[part].stride, 6);
  EXPECT_TRUE(plain.tape[mask].empty());
  EXPECT_TRUE(plain.tape.gradient(whole).empty());

  const Planned training(plan, {.rows = 2}, kTraining | kMasked | kCorrupted);
  EXPECT_FALSE(training.tape[mask].empty());
  EXPECT_EQ(training.tape[part].stride, 3) << "memory of its own";
  EXPECT_EQ(training.tape.gradient(part).data, training.tape.gradient(whole).data + 2);
  EXPECT_EQ(training.tape.gradient(part).cols, 3);

  Arena measured, memory;
  Tape second = training.tape;
  plan.lay_out_batch(measured, second);
  Context context(Device::cpu());
  memory = Arena(context, measured.used());
  plan.lay_out_batch(memory, second);
  EXPECT_NE(second[mask].data, training.tape[mask].data) << "a batch of its own";
  EXPECT_EQ(second.gradient(whole).data, training.tape.gradient(whole).data) << "the same passes";
}

TEST(Tape, ASlotIsReadOnce) {
  Builder builder;
  const Slot x = builder.activation({.name = "x"});
  builder.read(x);
  EXPECT_THROW(builder.read(x), ShapeError);
  EXPECT_THROW(builder.part(x, "part", 0, 2), ShapeError);
}

// The backward pass starts at the last reader, which writes; earlier readers add.
TEST(Tape, TheLastReaderWritesTheGradient) {
  Builder builder;
  const Slot x = builder.activation({.name = "x", .cols = 6}), other = builder.activation({.name = "other"});
  builder.needs_gradient(x);
  const Reader first = builder.read(x, true);
  const Reader second = builder.read(builder.reshaped(x, "pictures", {3, 2, 1}), true);
  const Reader last = builder.read(x);
  const Reader only = builder.read(other);
  EXPECT_THROW(builder.read(x), ShapeError) << "the last reader cannot add";
  const Plan plan(builder.slots());
  const Planned planned(plan, {.rows = 2}, kTraining);
  EXPECT_TRUE(planned.tape.adds_to_gradient(first));
  EXPECT_TRUE(planned.tape.adds_to_gradient(second)) << "it reads the same values";
  EXPECT_FALSE(planned.tape.adds_to_gradient(last));
  EXPECT_FALSE(planned.tape.adds_to_gradient(only));
}

TEST(Builder, StreamsOfNoiseAreCounted) {
  Builder builder;
  for (std::int64_t stream = 0; stream < 256; ++stream) EXPECT_EQ(builder.noise_stream(), stream);
  EXPECT_THROW(builder.noise_stream(), ConfigError);
}

TEST(ParameterLayout, WhatTheOptimizerMovesComesFirst) {
  Builder builder;
  const Parameter own = builder.parameter({.parts = {{"scale", 3}}, .value = 2.0f, .mover = Mover::part});
  const Parameter weight = builder.parameter({.parts = {{"a", 2}, {"b", 5}}, .cols = 4, .fan_in = 4});
  const ParameterLayout layout(builder.parameters());
  EXPECT_EQ(layout.tensors[0].name, "scale") << "in the order of declaration";
  EXPECT_EQ(layout.tensors[0].value, 2.0f);
  EXPECT_EQ(layout.tensors[2].shape, (std::vector<std::int64_t>{5, 4}));
  EXPECT_EQ(layout.tensors[2].offset, layout.tensors[1].offset + 2 * 4) << "rows follow directly";
  const auto place = [&](Parameter p) { return layout.places[static_cast<std::size_t>(p.index)]; };
  EXPECT_EQ(place(weight).offset, 0);
  EXPECT_EQ(place(weight).rows, 7);
  EXPECT_EQ(place(own).offset, layout.optimized_size);
  EXPECT_EQ(place(own).offset % 64, 0);
  EXPECT_EQ(layout.count, 3 + 7 * 4);
  EXPECT_THROW(builder.parameter({.parts = {{"none", 0}}}), ShapeError);
}

}  // namespace
}  // namespace elbo::nn
