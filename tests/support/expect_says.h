#pragma once
// Expects a message to hold a text.

#include <gtest/gtest.h>

#define EXPECT_SAYS(message, part) EXPECT_NE((message).find(part), std::string::npos) << (message)
