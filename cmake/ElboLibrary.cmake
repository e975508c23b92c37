# The library: src/, and with CUDA (or its emulation) kernels/ and src/*/cuda_*.cpp, which src/*/no_cuda.cpp replace
# in other builds.
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(hwy CONFIG REQUIRED)
find_package(ZLIB REQUIRED)
find_package(LibZip REQUIRED)
find_package(PNG REQUIRED)
find_package(JPEG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(CURL QUIET)  # for `elbo data get` alone, which reports its absence
# Optional: without one, an error names its package.
find_package(LibHdf5 QUIET)   # .h5ad files
find_package(LibMatio QUIET)  # .mat files
find_package(WebP QUIET)      # pictures
find_package(TIFF 4.5 QUIET)  # pictures; older ones have no handler of errors for each file
find_path(STB_INCLUDE_DIR stb_image_resize.h PATH_SUFFIXES stb REQUIRED)
find_path(TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h REQUIRED)  # header-only, to avoid linking its shared library

file(GLOB_RECURSE ELBO_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*.cpp)
file(GLOB ELBO_CUDA_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*/cuda_*.cpp)
file(GLOB ELBO_NO_CUDA_SOURCES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/*/no_cuda.cpp)
file(GLOB ELBO_KERNELS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/kernels/*.cu)
list(REMOVE_ITEM ELBO_SOURCES ${ELBO_CUDA_SOURCES} ${ELBO_NO_CUDA_SOURCES})

add_library(elbo STATIC ${ELBO_SOURCES})
add_library(elbo::elbo ALIAS elbo)
set_target_properties(elbo PROPERTIES POSITION_INDEPENDENT_CODE ON EXPORT_NAME elbo
  CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)  # a shared library exports what is marked ELBO_API
target_compile_definitions(elbo PRIVATE ELBO_VERSION="${PROJECT_VERSION}")
target_include_directories(elbo PRIVATE ${PROJECT_SOURCE_DIR}/src)
target_include_directories(elbo SYSTEM PRIVATE ${TOMLPLUSPLUS_INCLUDE_DIR} ${STB_INCLUDE_DIR})
set(ELBO_LIBRARIES OpenMP::OpenMP_CXX hwy::hwy ZLIB::ZLIB LibZip::LibZip PNG::PNG JPEG::JPEG)
if(CURL_FOUND)
  list(APPEND ELBO_LIBRARIES CURL::libcurl)
  target_compile_definitions(elbo PRIVATE ELBO_HAS_CURL=1)
endif()
if(WebP_FOUND)
  list(APPEND ELBO_LIBRARIES WebP::webp)
  set_property(SOURCE ${PROJECT_SOURCE_DIR}/src/data/sources/webp_file.cpp APPEND PROPERTY COMPILE_DEFINITIONS ELBO_HAS_WEBP=1)
endif()
if(TIFF_FOUND)
  list(APPEND ELBO_LIBRARIES TIFF::TIFF)
  set_property(SOURCE ${PROJECT_SOURCE_DIR}/src/data/sources/tiff_file.cpp APPEND PROPERTY COMPILE_DEFINITIONS ELBO_HAS_TIFF=1)
endif()
target_link_libraries(elbo PRIVATE $<BUILD_INTERFACE:elbo_options> $<BUILD_INTERFACE:elbo_instrumented> ${ELBO_LIBRARIES}
  $<BUILD_INTERFACE:nlohmann_json::nlohmann_json>)

# elbo_use_optional(SOURCE NAME DEFINITION): for the one file that includes an optional library's header, where that was
# found. The others compile to the same objects with and without it.
function(elbo_use_optional source name definition)
  if(NOT ${name}_FOUND)
    return()
  endif()
  set_property(SOURCE ${source} APPEND PROPERTY COMPILE_DEFINITIONS ${definition}=1)
  if(NOT ${name}_INCLUDE_DIR IN_LIST CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES)  # /usr/include named twice breaks <cstdlib>
    set_property(SOURCE ${source} APPEND PROPERTY INCLUDE_DIRECTORIES ${${name}_INCLUDE_DIR})
  endif()
endfunction()
elbo_use_optional(src/data/sources/hdf5_file.cpp LibHdf5 ELBO_HAS_HDF5)
elbo_use_optional(src/data/sources/mat_file.cpp LibMatio ELBO_HAS_MATIO)
set(ELBO_OPTIONAL_LIBRARIES)
foreach(ELBO_OPTIONAL LibHdf5 LibMatio)
  if(${ELBO_OPTIONAL}_FOUND)
    list(APPEND ELBO_OPTIONAL_LIBRARIES ${ELBO_OPTIONAL}::${ELBO_OPTIONAL})
    target_link_libraries(elbo INTERFACE $<LINK_ONLY:${ELBO_OPTIONAL}::${ELBO_OPTIONAL}>)
  endif()
endforeach()

# What both kinds of library give to their users.
function(elbo_public_interface target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target}
    PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endfunction()
elbo_public_interface(elbo)
include(EmbedRecipes)  # recipes/*.toml, compiled in
# Rooms of many small files; those of src/ops are few and large. Sections of a recipe's keys use the same names, and so do
# readers of optional libraries where those are absent.
set(ELBO_SMALL_FILES ${ELBO_SOURCES})
list(FILTER ELBO_SMALL_FILES INCLUDE REGEX "/src/(analysis|data|evaluation|model|nn|recipe|train|vae)/")
list(FILTER ELBO_SMALL_FILES EXCLUDE REGEX "/(keys_[a-z]+|(webp|tiff|hdf5|mat)_file)\\.cpp$")
elbo_compile_together(elbo 4 ${ELBO_SMALL_FILES})

# Files that use CUDA are compiled separately, and only they and src/ops/ depend on whether it is there. All other
# objects are the same in every build, so ccache compiles them once.
file(GLOB ELBO_OPS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/ops/*.cpp)
if(ELBO_SANITIZE)
  # With everything inlined into one function, the markers of scopes make g++ four times slower.
  set_property(SOURCE ${ELBO_OPS} APPEND PROPERTY COMPILE_OPTIONS -fno-sanitize-address-use-after-scope)
endif()
if(ELBO_FUZZ)  # no input is read there, and clang takes minutes to instrument a file
  set_property(SOURCE ${ELBO_OPS} APPEND PROPERTY COMPILE_OPTIONS -fno-sanitize=all)
endif()
if(ELBO_CUDA_MODE STREQUAL "EMULATE" OR ELBO_FUZZ OR ELBO_TSAN)  # for tests of kernels, readers and threads, one instruction set beside the portable one will do
  set_property(SOURCE ${ELBO_OPS} APPEND PROPERTY COMPILE_DEFINITIONS ELBO_FEW_INSTRUCTION_SETS=1)
endif()
if(ELBO_CUDA_MODE STREQUAL "NONE")
  target_sources(elbo PRIVATE ${ELBO_NO_CUDA_SOURCES})
  set_property(SOURCE ${ELBO_OPS} APPEND PROPERTY COMPILE_DEFINITIONS ELBO_HAS_CUDA=0)
else()
  set_property(SOURCE ${ELBO_OPS} APPEND PROPERTY COMPILE_DEFINITIONS ELBO_HAS_CUDA=1)
  add_library(elbo_cuda OBJECT ${ELBO_CUDA_SOURCES} ${ELBO_KERNELS})
  set_target_properties(elbo_cuda PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
    CUDA_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  target_include_directories(elbo_cuda PRIVATE
    ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/kernels)
  target_link_libraries(elbo_cuda PRIVATE elbo_options elbo_instrumented)
  target_sources(elbo PRIVATE $<TARGET_OBJECTS:elbo_cuda>)
endif()
if(ELBO_CUDA_MODE STREQUAL "CUDA")
  # Set by flag, because CMake before 3.25.2 does not know that nvcc has C++20.
  target_compile_options(elbo_cuda PRIVATE $<$<COMPILE_LANGUAGE:CUDA>:-std=c++20>)
  target_link_libraries(elbo_cuda PRIVATE CUDA::cudart CUDA::cublas CUDA::cublasLt)
  target_link_libraries(elbo INTERFACE
    $<LINK_ONLY:CUDA::cudart> $<LINK_ONLY:CUDA::cublas> $<LINK_ONLY:CUDA::cublasLt>)
elseif(ELBO_CUDA_MODE STREQUAL "EMULATE")
  # The .cu files are C++ for g++; the stand-ins for the toolkit's headers come first on the include path.
  set_source_files_properties(${ELBO_KERNELS} PROPERTIES LANGUAGE CXX COMPILE_OPTIONS "-x;c++;$<$<CONFIG:Release>:-O2>")
  include(${PROJECT_SOURCE_DIR}/tests/emulation/emulation.cmake)  # elbo_emulation
  target_compile_definitions(elbo_cuda PRIVATE ELBO_EMULATE=1)
  target_link_libraries(elbo_cuda PRIVATE elbo_emulation)
  target_link_libraries(elbo INTERFACE $<LINK_ONLY:elbo_emulation>)
endif()

if(ELBO_SHARED)  # of the same objects
  set(ELBO_SHARED_OBJECTS $<TARGET_OBJECTS:elbo>)
  if(TARGET elbo_cuda)
    list(APPEND ELBO_SHARED_OBJECTS $<TARGET_OBJECTS:elbo_cuda>)
  endif()
  add_library(elbo_shared SHARED ${ELBO_SHARED_OBJECTS})
  add_library(elbo::shared ALIAS elbo_shared)
  set_target_properties(elbo_shared PROPERTIES OUTPUT_NAME elbo EXPORT_NAME shared LINKER_LANGUAGE CXX
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  elbo_public_interface(elbo_shared)
  target_link_libraries(elbo_shared PRIVATE $<BUILD_INTERFACE:elbo_options> ${ELBO_LIBRARIES} ${ELBO_OPTIONAL_LIBRARIES}
    $<$<STREQUAL:${ELBO_CUDA_MODE},CUDA>:CUDA::cudart> $<$<STREQUAL:${ELBO_CUDA_MODE},CUDA>:CUDA::cublas>
    $<$<STREQUAL:${ELBO_CUDA_MODE},CUDA>:CUDA::cublasLt>)
endif()

# Built-in data has the same bytes everywhere, so the compiler must not contract a*b + c there. Vectorising is off
# because g++ 12 for AVX-512 makes fused multiply-add-subtracts of vectorised loops in spite of -ffp-contract=off.
set_property(SOURCE src/data/sources/digits.cpp src/data/sources/random.cpp src/data/sources/synthetic.cpp APPEND PROPERTY COMPILE_OPTIONS
  -ffp-contract=off -fno-tree-vectorize -fno-tree-slp-vectorize)
