#pragma once
// Keys and choices by the names that an earlier elbo had for them: recipes with those are read as before, and
// what they are now called can be told to whoever wrote them.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "recipe/keys.h"

namespace elbo {

/// What is told of former names, a sentence each; null where nobody is to be told.
using Notes = std::vector<std::string>*;

/// The names by which keys were given in one place: in one recipe, or in all settings of a command.
class GivenNames {
 public:
  /// `where` begins the error message. Throws ConfigError where the key was given by its other name too.
  void add(const RecipeKey& key, std::string_view name, std::string_view where = {});

 private:
  std::map<const RecipeKey*, std::string> names_;
};

/// Notes it where `name`, by which the key was given, is its former one. `where` begins the note.
void note_former_key(const RecipeKey& key, std::string_view name, std::string_view where, Notes notes);

/// Notes that the key was given its choice by the former name of that.
void note_former_choice(const RecipeKey& key, const Choice& choice, std::string_view where, Notes notes);

}  // namespace elbo
