# PREFIX/bin/lockstep and, when MLX is the wheel's, the libraries it loads in
# PREFIX/lib/lockstep. They lie there as in the wheels, because each finds the
# next by a path relative to itself. Component "nvidia" is NVIDIA's part of
# them, which a machine with PyTorch for GPUs has already.
include(GNUInstallDirs)
install(
  TARGETS lockstep
  RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT lockstep)

if(LOCKSTEP_MLX_IS_WHEEL)
  install(
    DIRECTORY "${LOCKSTEP_MLX_LIB_DIR}/"
    DESTINATION lib/lockstep/mlx/lib
    COMPONENT lockstep
    USE_SOURCE_PERMISSIONS FILES_MATCHING
    PATTERN "*.so*"
    PATTERN "*.dylib"
    PATTERN "*.metallib")
  # BLAS and its kin.
  file(GLOB _folders "${LOCKSTEP_PYTHON_DIR}/mlx_*.libs")
  if(_folders)
    install(
      DIRECTORY ${_folders}
      DESTINATION lib/lockstep
      COMPONENT lockstep
      USE_SOURCE_PERMISSIONS FILES_MATCHING
      PATTERN "*.so*")
  endif()
endif()

# CUDA: MLX compiles some kernels when they are first used, from these headers.
if(LOCKSTEP_MLX_IS_WHEEL AND EXISTS "${LOCKSTEP_PYTHON_DIR}/nvidia")
  foreach(_headers IN ITEMS cccl cute cutlass)
    install(
      DIRECTORY "${LOCKSTEP_PYTHON_DIR}/mlx/include/${_headers}"
      DESTINATION lib/lockstep/mlx/include
      COMPONENT lockstep)
  endforeach()
  install(
    DIRECTORY "${LOCKSTEP_PYTHON_DIR}/nvidia"
    DESTINATION lib/lockstep
    COMPONENT nvidia
    USE_SOURCE_PERMISSIONS)
endif()
