# libsodium as the target `sodium`: the static library where there is one, so
# that hosts which get the program need not have it.
find_path(LOCKSTEP_SODIUM_INCLUDE sodium.h PATHS /opt/homebrew/include)
find_library(
  LOCKSTEP_SODIUM_LIBRARY
  NAMES libsodium.a sodium
  PATHS /opt/homebrew/lib)
if(NOT LOCKSTEP_SODIUM_INCLUDE OR NOT LOCKSTEP_SODIUM_LIBRARY)
  message(FATAL_ERROR "libsodium is missing; run tools/setup build")
endif()
add_library(sodium UNKNOWN IMPORTED)
set_target_properties(
  sodium PROPERTIES
  IMPORTED_LOCATION "${LOCKSTEP_SODIUM_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${LOCKSTEP_SODIUM_INCLUDE}")
