# elbo_emulation: stand-ins for the CUDA toolkit's headers, and their implementation. Included by ElboLibrary.cmake in
# builds with ELBO_CUDA=EMULATE; for tests only.
find_path(BOOST_FCONTEXT_INCLUDE_DIR boost/context/detail/fcontext.hpp REQUIRED)
find_library(BOOST_CONTEXT_LIBRARY NAMES boost_context REQUIRED)

file(GLOB ELBO_EMULATION_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
list(FILTER ELBO_EMULATION_SOURCES EXCLUDE REGEX "_test\\.cpp$")
add_library(elbo_emulation STATIC ${ELBO_EMULATION_SOURCES})
target_include_directories(elbo_emulation PUBLIC ${CMAKE_CURRENT_LIST_DIR}/include)
target_include_directories(elbo_emulation SYSTEM PRIVATE ${BOOST_FCONTEXT_INCLUDE_DIR})
target_link_libraries(elbo_emulation PRIVATE elbo_options elbo_instrumented ${BOOST_CONTEXT_LIBRARY} ${CMAKE_DL_LIBS})
set_target_properties(elbo_emulation PROPERTIES POSITION_INDEPENDENT_CODE ON)

# Kernels are checked either by checker.h, access by access, or by ASan. The two do not work in one program: the
# linker keeps one copy of each inline function, and the checker reports reads of memory whose writes it has not seen.
if(ELBO_SANITIZE)
  set(ELBO_EMULATION_PLANTED -fno-sanitize=undefined)  # the emulation must find planted mistakes
else()
  set(ELBO_EMULATION_CHECKED -fsanitize=thread,alignment --param=tsan-instrument-func-entry-exit=0 -g1)
  set(ELBO_EMULATION_PLANTED ${ELBO_EMULATION_CHECKED})
  set_property(SOURCE ${ELBO_KERNELS} APPEND PROPERTY COMPILE_OPTIONS ${ELBO_EMULATION_CHECKED})
endif()
