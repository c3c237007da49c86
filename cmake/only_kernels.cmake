# The CPU kernels and their tests alone, for processors that are only emulated
# here, and for the thread sanitizer, which MLX is not built for: no library but
# doctest's header.
find_package(Threads REQUIRED)
find_path(LOCKSTEP_DOCTEST_DIR doctest/doctest.h REQUIRED
          PATHS /usr/include NO_CMAKE_FIND_ROOT_PATH)
enable_testing()

file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/src/kernels/*.cpp")
list(FILTER sources EXCLUDE REGEX "${LOCKSTEP_OTHER_PROCESSOR}")
list(FILTER sources EXCLUDE REGEX "(node|_macos)\\.cpp$")
lockstep_kernel_flags()
# Only this header: its folder has those of the machine that builds.
file(COPY "${LOCKSTEP_DOCTEST_DIR}/doctest/doctest.h"
     DESTINATION "${CMAKE_CURRENT_BINARY_DIR}/include/doctest")
add_executable(
  kernels_test ${sources}
  "${CMAKE_CURRENT_SOURCE_DIR}/tests/support/doctest_main.cpp")
target_include_directories(
  kernels_test PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/src"
                       "${CMAKE_CURRENT_SOURCE_DIR}/tests"
                       "${CMAKE_CURRENT_BINARY_DIR}/include")
target_link_libraries(kernels_test PRIVATE Threads::Threads)
if(CMAKE_CROSSCOMPILING)
  # The emulator has no libraries of that processor.
  target_link_libraries(kernels_test PRIVATE -static)
endif()
lockstep_target(kernels_test)
# Under the thread sanitizer only what shares work out over threads.
if(LOCKSTEP_SANITIZE STREQUAL "thread")
  set(chosen "--test-case=every part*,threads*,a row's*,attention's*")
endif()
add_test(NAME kernels COMMAND kernels_test ${chosen})
