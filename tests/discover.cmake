# Included by ctest, after settings of ELBO_PROGRAM, ELBO_PREFIX, ELBO_DEVICE and ELBO_LABELS: adds a test for each TEST of
# the program, and one for all values of a TEST_P, as two thousand starts of the program would take minutes.
set(ENV{ELBO_TEST_DEVICE} ${ELBO_DEVICE})
execute_process(COMMAND ${ELBO_PROGRAM} --gtest_list_tests OUTPUT_VARIABLE lines RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${ELBO_PROGRAM} does not list its tests: ${failed}")
endif()
string(REGEX REPLACE " *#[^\n]*" "" lines "${lines}")  # a parameter's value
string(REPLACE "\n" ";" lines "${lines}")
set(tests "")
foreach(line IN LISTS lines)
  if(line MATCHES "^([A-Za-z0-9_/]+\\.)$")
    set(suite ${CMAKE_MATCH_1})
  elseif(line MATCHES "^  ([A-Za-z0-9_]+)(/?)")
    list(APPEND tests "${suite}${CMAKE_MATCH_1}${CMAKE_MATCH_2}")
  endif()
endforeach()
list(REMOVE_DUPLICATES tests)
foreach(test IN LISTS tests)
  set(filter ${test})
  if(test MATCHES "/$")
    set(filter "${test}*")
    string(REGEX REPLACE "/$" "" test ${test})
  endif()
  set(name "${ELBO_PREFIX}${test}")
  add_test(${name} ${ELBO_PROGRAM} --gtest_filter=${filter})
  # Waiting threads spin for microseconds instead of OpenMP's default of milliseconds: tests run in parallel, and a spinning
  # thread keeps the thread it waits for off its core.
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "ELBO_TEST_DEVICE=${ELBO_DEVICE}"
    ENVIRONMENT_MODIFICATION "GOMP_SPINCOUNT=set:1000" LABELS "${ELBO_LABELS}" TIMEOUT 1200)
  if(filter STREQUAL test)  # of several values, one may be skipped and another fail
    set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION "\\[  SKIPPED \\]")
  endif()
endforeach()
