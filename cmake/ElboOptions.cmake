# What every target of ours is compiled with; nothing global, so that a project that adds elbo keeps its own flags.
add_library(elbo_options INTERFACE)
target_compile_features(elbo_options INTERFACE cxx_std_20)
target_compile_options(elbo_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall;-Wextra;-Wpedantic;-Wshadow=local;-Wnon-virtual-dtor;-Wno-psabi>
  $<$<COMPILE_LANGUAGE:CUDA>:-Xcompiler=-Wall,-Wextra,-Wno-unused-parameter>)
if(ELBO_WARNINGS_AS_ERRORS)
  target_compile_options(elbo_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-Werror>
    $<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings;-Xcompiler=-Werror>)
endif()
if(ELBO_SANITIZE)
  # GCC's own words: the sanitizers bring false alarms of -Wmaybe-uninitialized.
  target_compile_options(elbo_options INTERFACE
    $<$<COMPILE_LANGUAGE:CXX>:-fsanitize=address,undefined;-fno-sanitize-recover=undefined;-fno-omit-frame-pointer;-Wno-maybe-uninitialized>)
  target_link_options(elbo_options INTERFACE -fsanitize=address,undefined)
endif()
