# elbo_emulation: stand-ins for the CUDA toolkit's headers, and what is behind them. Included by ElboLibrary.cmake in
# builds with ELBO_CUDA=EMULATE; for tests only.
find_path(BOOST_FCONTEXT_INCLUDE_DIR boost/context/detail/fcontext.hpp REQUIRED)
find_library(BOOST_CONTEXT_LIBRARY NAMES boost_context REQUIRED)

file(GLOB ELBO_EMULATION_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.cpp)
list(FILTER ELBO_EMULATION_SOURCES EXCLUDE REGEX "_test\\.cpp$")
add_library(elbo_emulation STATIC ${ELBO_EMULATION_SOURCES})
target_include_directories(elbo_emulation PUBLIC ${CMAKE_CURRENT_LIST_DIR}/include)
target_include_directories(elbo_emulation SYSTEM PRIVATE ${BOOST_FCONTEXT_INCLUDE_DIR})
find_package(dnnl CONFIG REQUIRED)  # the products of its cuBLAS
target_link_libraries(elbo_emulation PRIVATE elbo_options DNNL::dnnl ${BOOST_CONTEXT_LIBRARY} ${CMAKE_DL_LIBS})
set_target_properties(elbo_emulation PROPERTIES POSITION_INDEPENDENT_CODE ON)

# Every access of a kernel is looked at (checker.h); under ASan, that does, except for the tests' own kernels.
set(ELBO_EMULATION_CHECKED -fno-sanitize=all -fsanitize=thread --param=tsan-instrument-func-entry-exit=0 -g1)
if(NOT ELBO_SANITIZE)
  list(APPEND ELBO_EMULATION_CHECKED -fsanitize=alignment)
  set_property(SOURCE ${ELBO_KERNELS} APPEND PROPERTY COMPILE_OPTIONS ${ELBO_EMULATION_CHECKED})
endif()
