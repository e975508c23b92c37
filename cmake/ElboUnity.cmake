# elbo_compile_together(target size source…): compiles the sources of each folder in groups of up to `size`, which halves
# the time, as most of it goes into headers. Names in unnamed namespaces of a folder's files must differ; files with
# options of their own stay alone.
function(elbo_compile_together target size)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  foreach(source ${ARGN})
    file(RELATIVE_PATH name ${CMAKE_CURRENT_SOURCE_DIR} ${source})
    get_filename_component(folder ${name} DIRECTORY)
    string(MAKE_C_IDENTIFIER "${folder}" room)
    math(EXPR ${room}_count "${${room}_count} + 1")
    math(EXPR group "(${${room}_count} - 1) / ${size}")
    set_property(SOURCE ${source} PROPERTY UNITY_GROUP ${room}_${group})
  endforeach()
endfunction()
