# The install rules for tools/bundle.sh: the command, the tests and the benchmarks, which look for their libraries
# in lib/ beside their own folder.
set(ELBO_BUNDLED)
foreach(target elbo_command elbo_tests ${ELBO_BENCHMARK_TARGETS})
  if(TARGET ${target})
    list(APPEND ELBO_BUNDLED ${target})
  endif()
endforeach()
if(NOT ELBO_BUNDLED OR NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
  return()
endif()
set_property(TARGET ${ELBO_BUNDLED} PROPERTY INSTALL_RPATH "$ORIGIN/../lib")
# Uses RPATH, because RUNPATH is not searched for the libraries' own dependencies.
set_property(TARGET ${ELBO_BUNDLED} APPEND PROPERTY LINK_OPTIONS -Wl,--disable-new-dtags)
install(TARGETS ${ELBO_BUNDLED} RUNTIME DESTINATION bin COMPONENT bundle EXCLUDE_FROM_ALL)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/recipes DESTINATION . COMPONENT bundle EXCLUDE_FROM_ALL)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/bench DESTINATION . COMPONENT bundle EXCLUDE_FROM_ALL
  FILES_MATCHING PATTERN "*.py" PATTERN "requirements*.txt" PATTERN results EXCLUDE PATTERN __pycache__ EXCLUDE)
install(PROGRAMS ${PROJECT_SOURCE_DIR}/tools/gpu_check.sh DESTINATION tools COMPONENT bundle EXCLUDE_FROM_ALL)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/tools/gpu_check ${PROJECT_SOURCE_DIR}/tools/kernel_report DESTINATION tools COMPONENT bundle EXCLUDE_FROM_ALL
  FILES_MATCHING PATTERN "*.py" PATTERN tests EXCLUDE PATTERN __pycache__ EXCLUDE)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION . COMPONENT bundle EXCLUDE_FROM_ALL)
