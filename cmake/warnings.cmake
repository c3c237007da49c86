# lockstep_target(TARGET): the warnings, hardening and sanitizers of all code
# that is ours.
set(LOCKSTEP_SANITIZE "" CACHE STRING "Sanitizers: empty, address, thread or fuzzer")

function(lockstep_target target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Werror -fno-strict-aliasing
                    -ffp-contract=off)
  # GCC 12 sees overlap in std::string's own operator+ (its bug 105651).
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(${target} PRIVATE -Wno-restrict)
  endif()
  if(LOCKSTEP_SANITIZE STREQUAL "address")
    target_compile_options(
      ${target} PRIVATE -fsanitize=address,undefined
                        -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  elseif(LOCKSTEP_SANITIZE STREQUAL "fuzzer")
    target_compile_options(
      ${target} PRIVATE -fsanitize=fuzzer-no-link,address,undefined
                        -fno-sanitize-recover=undefined -fno-omit-frame-pointer
                        # GCC 12's own headers, which clang reads here.
                        -Wno-deprecated-declarations)
    target_link_options(${target} PUBLIC -fsanitize=address,undefined)
  elseif(LOCKSTEP_SANITIZE STREQUAL "thread")
    target_compile_options(${target} PRIVATE -fsanitize=thread -fno-omit-frame-pointer)
    target_link_options(${target} PUBLIC -fsanitize=thread)
  else()
    target_compile_options(
      ${target} PRIVATE -fstack-protector-strong
                        "$<$<CONFIG:Release>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")
    target_compile_definitions(
      ${target} PRIVATE "$<$<PLATFORM_ID:Linux>:_GLIBCXX_ASSERTIONS>")
  endif()
endfunction()

# lockstep_test_target(TARGET): the same for a test program. Its own code is
# not watched for undefined behaviour, what it tests is; nor is it optimized
# where sanitizers look at addresses, but for the kernels' test, which computes.
function(lockstep_test_target target)
  lockstep_target(${target})
  if(TARGET unit_tests)
    add_dependencies(unit_tests ${target})
  endif()
  if(LOCKSTEP_SANITIZE STREQUAL "address")
    target_compile_options(${target} PRIVATE -fno-sanitize=undefined)
    if(NOT target STREQUAL "kernels_test")
      target_compile_options(${target} PRIVATE -O0)
    endif()
  endif()
endfunction()
