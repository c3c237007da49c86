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
