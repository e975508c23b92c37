# install(): find_package(elbo) gives elbo::elbo.
include(CMakePackageConfigHelpers)
if(ELBO_CUDA_MODE STREQUAL "EMULATE")
  return()  # an emulated build is for tests only
endif()
install(TARGETS elbo EXPORT elbo-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/elbo DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT elbo-targets NAMESPACE elbo:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/elbo)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/elboConfig.cmake.in
  ${PROJECT_BINARY_DIR}/elboConfig.cmake INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/elbo)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/elboConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_SOURCE_DIR}/cmake/FindLibZip.cmake ${PROJECT_BINARY_DIR}/elboConfig.cmake ${PROJECT_BINARY_DIR}/elboConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/elbo)
if(TARGET elbo_command)
  install(TARGETS elbo_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
