# Kernels are compiled once for each instruction set, in files of their own:
# table_SET.cpp. Which of them a processor may run is asked at run time.
set(LOCKSTEP_KERNEL_FLAGS_avx2 -mavx2 -mfma -mf16c)
set(LOCKSTEP_KERNEL_FLAGS_avx512
    -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mf16c)
set(LOCKSTEP_KERNEL_FLAGS_avx512_vnni
    ${LOCKSTEP_KERNEL_FLAGS_avx512} -mavx512vnni)
set(LOCKSTEP_KERNEL_FLAGS_neon -march=armv8.2-a+dotprod)

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set(LOCKSTEP_OTHER_PROCESSOR "_(neon|arm|arm_linux|arm_macos)\\.cpp$")
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(LOCKSTEP_OTHER_PROCESSOR "_(avx2|avx512|avx512_vnni|x86)\\.cpp$")
else()
  message(FATAL_ERROR "no kernels for ${CMAKE_SYSTEM_PROCESSOR}")
endif()

# The same bits from every set need products and sums that are fused exactly
# where the source says so. Sanitized builds would take minutes a file at -O3.
function(lockstep_kernel_flags)
  file(GLOB tables "${CMAKE_CURRENT_SOURCE_DIR}/src/kernels/table_*.cpp")
  foreach(file IN LISTS tables)
    if(file MATCHES "_test\\.cpp$")
      continue()
    endif()
    string(REGEX REPLACE ".*/table_(.*)\\.cpp$" "\\1" set "${file}")
    set(flags ${LOCKSTEP_KERNEL_FLAGS_${set}})
    if(NOT LOCKSTEP_SANITIZE)
      list(APPEND flags -O3)
    endif()
    # The same templates as the portable table, which keeps this one; half the
    # time that compilation takes.
    if(LOCKSTEP_SANITIZE STREQUAL "address" AND NOT set STREQUAL "portable")
      list(APPEND flags -fno-sanitize=undefined)
    endif()
    # GCC 12 takes its own intrinsics' placeholders for uninitialized
    # variables (its bug 105593), and tells of an ABI change of its version 4.6.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      list(APPEND flags -Wno-uninitialized -Wno-maybe-uninitialized
           -Wno-psabi)
    endif()
    set_source_files_properties("${file}" PROPERTIES COMPILE_OPTIONS "${flags}")
  endforeach()
endfunction()
