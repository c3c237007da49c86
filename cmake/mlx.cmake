# Finds MLX: an installed one when MLX_DIR names it, else the wheel that
# tools/setup puts below build/python (build/python-cuda for NVIDIA GPUs).
set(LOCKSTEP_PYTHON_DIR "${CMAKE_CURRENT_SOURCE_DIR}/build/python"
    CACHE PATH "Where tools/setup put the Python wheels")
get_filename_component(
  LOCKSTEP_PYTHON_DIR "${LOCKSTEP_PYTHON_DIR}" ABSOLUTE BASE_DIR
  "${CMAKE_CURRENT_SOURCE_DIR}")
set(_wheel "${LOCKSTEP_PYTHON_DIR}/mlx")

if(NOT MLX_DIR AND EXISTS "${_wheel}/share/cmake/MLX/MLXTargets.cmake")
  # Not its MLXConfig: the CUDA wheel's wants a CUDA toolkit that only
  # building MLX itself needs.
  include("${_wheel}/share/cmake/MLX/MLXTargets.cmake")
  set(LOCKSTEP_MLX_IS_WHEEL ON)
  set(LOCKSTEP_MLX_LIB_DIR "${_wheel}/lib")
  # install.cmake puts the libraries there.
  if(APPLE)
    set(LOCKSTEP_INSTALL_RPATH "@loader_path/../lib/lockstep/mlx/lib")
  else()
    # The second is where tools/gpu_bundle puts libraries of this system.
    set(LOCKSTEP_INSTALL_RPATH
        "$ORIGIN/../lib/lockstep/mlx/lib" "$ORIGIN/../lib/lockstep")
  endif()
else()
  find_package(MLX 0.32.1 CONFIG)
  if(NOT MLX_FOUND)
    message(
      FATAL_ERROR
      "no MLX in ${LOCKSTEP_PYTHON_DIR} and none installed; run tools/setup "
      "build, or set MLX_DIR to the folder of an installed MLXConfig.cmake")
  endif()
  set(LOCKSTEP_MLX_IS_WHEEL OFF)
  set(LOCKSTEP_MLX_LIB_DIR "${MLX_LIBRARY_DIRS}")
  set(LOCKSTEP_INSTALL_RPATH "${MLX_LIBRARY_DIRS}")
endif()

# Its CUDA library needs the driver's libcuda, which a machine that only builds
# does not have.
if(LOCKSTEP_MLX_IS_WHEEL AND EXISTS "${LOCKSTEP_PYTHON_DIR}/nvidia")
  set_property(
    TARGET mlx APPEND
    PROPERTY INTERFACE_LINK_OPTIONS "-Wl,--allow-shlib-undefined")
endif()

# Headers of others give no warnings of ours.
get_target_property(_mlx_includes mlx INTERFACE_INCLUDE_DIRECTORIES)
set_target_properties(
  mlx PROPERTIES INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "${_mlx_includes}")
