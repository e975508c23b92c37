# install(): find_package(elbo) gives elbo::elbo and, with ELBO_SHARED, elbo::shared; pkg-config gives elbo.
include(CMakePackageConfigHelpers)
if(ELBO_CUDA_MODE STREQUAL "EMULATE")
  return()  # an emulated build is for tests only
endif()
install(TARGETS elbo EXPORT elbo-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET elbo_shared)
  install(TARGETS elbo_shared EXPORT elbo-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/elbo DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT elbo-targets NAMESPACE elbo:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/elbo)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/elboConfig.cmake.in
  ${PROJECT_BINARY_DIR}/elboConfig.cmake INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/elbo)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/elboConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_SOURCE_DIR}/cmake/FindLibZip.cmake ${PROJECT_SOURCE_DIR}/cmake/FindLibHdf5.cmake
  ${PROJECT_SOURCE_DIR}/cmake/FindLibMatio.cmake ${PROJECT_SOURCE_DIR}/cmake/FindWebP.cmake
  ${PROJECT_BINARY_DIR}/elboConfig.cmake ${PROJECT_BINARY_DIR}/elboConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/elbo)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/THIRD_PARTY_NOTICES.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR})

# What a static library needs is private: `pkg-config --static` tells it. These are not Requires.private, by which it would
# ask for every library that libcurl is made of.
set(ELBO_PC_LIBS "-lhwy -lpng -ljpeg -lzip -lz ${OpenMP_CXX_FLAGS} -lstdc++ -lm")
if(CURL_FOUND)
  string(PREPEND ELBO_PC_LIBS "-lcurl ")
endif()
foreach(optional LibHdf5 LibMatio)
  if(${optional}_FOUND)  # libhdf5_serial.so: -lhdf5_serial
    get_filename_component(name ${${optional}_LIBRARY} NAME_WE)
    get_filename_component(folder ${${optional}_LIBRARY} DIRECTORY)
    string(REGEX REPLACE "^lib" "-l" name ${name})
    string(PREPEND ELBO_PC_LIBS "-L${folder} ${name} ")
  endif()
endforeach()
if(WebP_FOUND)
  string(PREPEND ELBO_PC_LIBS "-lwebp ")
endif()
if(TIFF_FOUND)
  string(PREPEND ELBO_PC_LIBS "-ltiff ")
endif()
if(ELBO_CUDA_MODE STREQUAL "CUDA")
  string(APPEND ELBO_PC_LIBS " -L${CUDAToolkit_LIBRARY_DIR} -lcudart -lcublas -lcublasLt")
endif()
file(RELATIVE_PATH ELBO_PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)  # of wherever it is installed
configure_file(${PROJECT_SOURCE_DIR}/cmake/elbo.pc.in ${PROJECT_BINARY_DIR}/elbo.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/elbo.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(TARGET elbo_command)
  install(TARGETS elbo_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
