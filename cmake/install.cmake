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
  # mlx_cpu.libs: BLAS and its kin; nvidia: CUDA's libraries.
  foreach(folder mlx_cpu.libs nvidia)
    if(IS_DIRECTORY "${LOCKSTEP_PYTHON_DIR}/${folder}")
      install(
        DIRECTORY "${LOCKSTEP_PYTHON_DIR}/${folder}"
        DESTINATION lib/lockstep
        USE_SOURCE_PERMISSIONS FILES_MATCHING
        PATTERN "*.so*")
    endif()
  endforeach()
endif()
