# The crate in rust/ as the static library target lockstep_rust.
find_program(CARGO cargo REQUIRED HINTS "$ENV{HOME}/.cargo/bin")

set(_crate "${CMAKE_CURRENT_SOURCE_DIR}/rust")
set(_target_dir "${CMAKE_CURRENT_SOURCE_DIR}/build/rust")
set(_library "${_target_dir}/release/liblockstep_text.a")
file(GLOB_RECURSE _rust_sources CONFIGURE_DEPENDS "${_crate}/src/*.rs")

add_custom_command(
  OUTPUT "${_library}"
  COMMAND "${CARGO}" build --release --locked --quiet --manifest-path
          "${_crate}/Cargo.toml" --target-dir "${_target_dir}"
  DEPENDS ${_rust_sources} "${_crate}/Cargo.toml" "${_crate}/Cargo.lock"
  COMMENT "Building the tokenizer and template crate (cargo)"
  USES_TERMINAL)
add_custom_target(lockstep_crate DEPENDS "${_library}")

add_library(lockstep_rust INTERFACE)
add_dependencies(lockstep_rust lockstep_crate)
target_include_directories(lockstep_rust SYSTEM INTERFACE "${_crate}/include")
target_link_libraries(lockstep_rust INTERFACE "${_library}" ${CMAKE_DL_LIBS})
if(APPLE)
  target_link_libraries(
    lockstep_rust INTERFACE "-framework CoreFoundation" "-framework Security")
endif()
