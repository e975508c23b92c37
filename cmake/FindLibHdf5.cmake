# HDF5's C library by its header and library: Debian's packages have the serial one beside MPI's, and names of their own.
find_path(LibHdf5_INCLUDE_DIR hdf5.h PATH_SUFFIXES hdf5/serial)
find_library(LibHdf5_LIBRARY NAMES hdf5_serial hdf5 PATH_SUFFIXES hdf5/serial)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibHdf5 REQUIRED_VARS LibHdf5_LIBRARY LibHdf5_INCLUDE_DIR)
if(LibHdf5_FOUND AND NOT TARGET LibHdf5::LibHdf5)
  add_library(LibHdf5::LibHdf5 UNKNOWN IMPORTED)
  set_target_properties(LibHdf5::LibHdf5 PROPERTIES IMPORTED_LOCATION ${LibHdf5_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${LibHdf5_INCLUDE_DIR})
endif()
mark_as_advanced(LibHdf5_INCLUDE_DIR LibHdf5_LIBRARY)
