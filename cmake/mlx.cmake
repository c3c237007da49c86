# Finds MLX: an installed one when MLX_DIR or CMAKE_PREFIX_PATH names it, else
# the wheel that tools/setup puts below build/python.
set(LOCKSTEP_PYTHON_DIR "${CMAKE_CURRENT_SOURCE_DIR}/build/python"
    CACHE PATH "Where tools/setup put the Python wheels")
find_package(
  MLX 0.32.1 CONFIG REQUIRED
  HINTS "${LOCKSTEP_PYTHON_DIR}/mlx/share/cmake/MLX")

# Headers of others give no warnings of ours.
get_target_property(_mlx_includes mlx INTERFACE_INCLUDE_DIRECTORIES)
set_target_properties(
  mlx PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${_mlx_includes}")
get_filename_component(LOCKSTEP_MLX_ROOT "${MLX_LIBRARY_DIRS}" DIRECTORY)
set(LOCKSTEP_MLX_LIB_DIR "${MLX_LIBRARY_DIRS}")

# Where the installed program looks for libmlx: beside itself when it is the
# wheel's (install.cmake puts it there), else where it is now.
string(FIND "${LOCKSTEP_MLX_ROOT}/" "${LOCKSTEP_PYTHON_DIR}/" _place)
if(_place EQUAL 0)
  set(LOCKSTEP_MLX_IS_WHEEL ON)
  if(APPLE)
    set(LOCKSTEP_INSTALL_RPATH "@loader_path/../lib/lockstep/mlx/lib")
  else()
    set(LOCKSTEP_INSTALL_RPATH "$ORIGIN/../lib/lockstep/mlx/lib")
  endif()
else()
  set(LOCKSTEP_MLX_IS_WHEEL OFF)
  set(LOCKSTEP_INSTALL_RPATH "${LOCKSTEP_MLX_LIB_DIR}")
endif()
