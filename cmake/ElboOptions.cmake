# The compile options of all elbo's targets. Nothing is global, so that a project that adds elbo keeps its own flags.
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
# elbo_instrumented: for targets that the sanitizers check, the library and the command. Tests are not instrumented:
# the memory that they pass to the library is on the heap, which the sanitizers watch anyway, and their objects are
# shared with the other builds.
add_library(elbo_instrumented INTERFACE)
if(ELBO_SANITIZE)
  # Null pointers end at address 0 without UBSan's check of every access, which takes g++ a fifth longer. GCC's documentation:
  # the sanitizers cause false positives of -Wmaybe-uninitialized.
  set(ELBO_SANITIZERS -O1 -g1 -fsanitize=address,undefined -fno-sanitize=null,vptr,object-size
    -fno-sanitize-recover=undefined -fno-omit-frame-pointer -Wno-maybe-uninitialized)
  target_compile_options(elbo_instrumented INTERFACE $<$<COMPILE_LANGUAGE:CXX>:${ELBO_SANITIZERS}>)
  target_link_options(elbo_options INTERFACE -fsanitize=address,undefined)
elseif(ELBO_FUZZ)  # by clang, which does not know all of g++'s warnings
  target_compile_options(elbo_options INTERFACE -Wno-unknown-warning-option)
  target_compile_options(elbo_instrumented INTERFACE -O1 -g1 -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize=vptr -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(elbo_options INTERFACE -fsanitize=address,undefined)
elseif(ELBO_TSAN)
  target_compile_options(elbo_options INTERFACE -Wno-unknown-warning-option)
  target_compile_options(elbo_instrumented INTERFACE -O1 -g1 -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(elbo_options INTERFACE -fsanitize=thread)
endif()
