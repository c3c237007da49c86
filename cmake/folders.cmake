# lockstep_folder(NAME [LINKS target...]): src/NAME as a static library
# lockstep_NAME, and its *_test.cpp as the test program NAME_test. main.cpp and
# the files of other systems (*_linux.cpp, *_macos.cpp) stay out.
function(lockstep_folder name)
  cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
  file(
    GLOB_RECURSE sources CONFIGURE_DEPENDS
    "${CMAKE_CURRENT_SOURCE_DIR}/src/${name}/*.cpp")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|/main)\\.cpp$")
  if(APPLE)
    list(FILTER sources EXCLUDE REGEX "_linux\\.cpp$")
  else()
    list(FILTER sources EXCLUDE REGEX "_macos\\.cpp$")
  endif()

  list(FILTER sources EXCLUDE REGEX "${LOCKSTEP_OTHER_PROCESSOR}")

  if(NOT sources)
    add_library(lockstep_${name} INTERFACE)
    target_link_libraries(lockstep_${name} INTERFACE ${ARG_LINKS})
    return()
  endif()
  add_library(lockstep_${name} STATIC ${sources})
  target_include_directories(
    lockstep_${name} PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}/src")
  target_link_libraries(
    lockstep_${name} PUBLIC fmt::fmt nlohmann_json::nlohmann_json
                            Threads::Threads ${ARG_LINKS})
  lockstep_target(lockstep_${name})

  if(LOCKSTEP_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE lockstep_${name} doctest_main)
    target_include_directories(
      ${name}_test PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/tests")
    lockstep_test_target(${name}_test)
    set_target_properties(
      ${name}_test PROPERTIES BUILD_RPATH "${LOCKSTEP_MLX_LIB_DIR}")
    add_test(NAME ${name} COMMAND ${name}_test)
  endif()
endfunction()
