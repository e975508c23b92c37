# Compiles recipes/*.toml into the library. Included, it adds the generated source to the target elbo; run as a
# script (cmake -D output=FILE -P EmbedRecipes.cmake -- recipe.toml…) it writes that source.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  file(GLOB ELBO_RECIPES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/recipes/*.toml)
  set(ELBO_RECIPES_SOURCE ${PROJECT_BINARY_DIR}/generated/embedded_recipes.cpp)
  add_custom_command(OUTPUT ${ELBO_RECIPES_SOURCE}
    COMMAND ${CMAKE_COMMAND} -D output=${ELBO_RECIPES_SOURCE} -P ${CMAKE_CURRENT_LIST_FILE} -- ${ELBO_RECIPES}
    DEPENDS ${ELBO_RECIPES} ${CMAKE_CURRENT_LIST_FILE} VERBATIM COMMENT "Embedding recipes")
  target_sources(elbo PRIVATE ${ELBO_RECIPES_SOURCE})
  return()
endif()

set(first ${CMAKE_ARGC})
set(entries "")
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
  if(i GREATER first)
    get_filename_component(name ${CMAKE_ARGV${i}} NAME_WE)
    file(READ ${CMAKE_ARGV${i}} text)
    string(APPEND entries "    {\"${name}\", R\"elbo_recipe(${text})elbo_recipe\"},\n")
  elseif(CMAKE_ARGV${i} STREQUAL "--")
    set(first ${i})
  endif()
endforeach()
file(WRITE ${output} "// Written by cmake/EmbedRecipes.cmake from recipes/*.toml.
#include \"recipe/embedded.h\"

namespace elbo {

const std::vector<EmbeddedRecipe>& embedded_recipes() {
  static const std::vector<EmbeddedRecipe> recipes = {
${entries}  };
  return recipes;
}

}  // namespace elbo
")
