# libmatio by its header and library.
find_path(LibMatio_INCLUDE_DIR matio.h)
find_library(LibMatio_LIBRARY matio)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibMatio REQUIRED_VARS LibMatio_LIBRARY LibMatio_INCLUDE_DIR)
if(LibMatio_FOUND AND NOT TARGET LibMatio::LibMatio)
  add_library(LibMatio::LibMatio UNKNOWN IMPORTED)
  set_target_properties(LibMatio::LibMatio PROPERTIES IMPORTED_LOCATION ${LibMatio_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${LibMatio_INCLUDE_DIR})
endif()
mark_as_advanced(LibMatio_INCLUDE_DIR LibMatio_LIBRARY)
