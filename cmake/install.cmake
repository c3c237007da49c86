# PREFIX/bin/lockstep and, when MLX is the wheel's, the libraries it loads in
# PREFIX/lib/lockstep. They lie there as in the wheels, because each finds the
# next by a path relative to itself.
include(GNUInstallDirs)
install(TARGETS lockstep RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")

if(LOCKSTEP_MLX_IS_WHEEL)
  install(
    DIRECTORY "${LOCKSTEP_MLX_LIB_DIR}/"
    DESTINATION lib/lockstep/mlx/lib
    USE_SOURCE_PERMISSIONS FILES_MATCHING
    PATTERN "*.so*"
    PATTERN "*.dylib"
    PATTERN "*.metallib")
  # mlx_*.libs: BLAS and its kin; nvidia: CUDA's libraries.
  file(GLOB _folders "${LOCKSTEP_PYTHON_DIR}/mlx_*.libs"
       "${LOCKSTEP_PYTHON_DIR}/nvidia")
  if(_folders)
    install(
      DIRECTORY ${_folders}
      DESTINATION lib/lockstep
      USE_SOURCE_PERMISSIONS FILES_MATCHING
      PATTERN "*.so*")
  endif()
endif()
