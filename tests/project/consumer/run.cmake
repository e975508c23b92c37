# Installs the build into a new prefix, builds the consumer against it and runs the result.
#   cmake -DBUILD=… -DSOURCE=… -DWORK=… -P run.cmake
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(code)
    message(FATAL_ERROR "${ARGV}\nended with ${code}\n${output}")
  endif()
  message("${output}")
endfunction()
file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
run(${CMAKE_COMMAND} -S ${SOURCE}/tests/project/consumer -B ${WORK}/build -DCMAKE_BUILD_TYPE=Release
  -DCMAKE_PREFIX_PATH=${WORK}/prefix -DELBO_EMBED_DIR=${SOURCE}/examples/embed)
run(${CMAKE_COMMAND} --build ${WORK}/build)
run(${WORK}/build/headers)
run(${WORK}/build/embed/elbo_embed ${WORK}/ring.safetensors)
