#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace lockstep::push {

/// A file of the program as a host is to have it.
struct ProgramFile {
  std::string place;          // below the host's place: "bin/lockstep"
  std::filesystem::path path; // here; empty: it is `text`
  std::string text;
  std::uint64_t size = 0;
  bool is_executable = false;
};

/// That the program lies in a place because push brought it; its one line says
/// so to people.
inline constexpr char kProgramMark[] = "lib/lockstep/PUSHED";

/// This program, which lies at `program`, with all it needs beside the system:
/// laid out as `make install` does, with a script as bin/lockstep that finds the
/// libraries wherever the place is. Sorted by place. Throws Error{config} for a
/// file that cannot be read.
std::vector<ProgramFile> program_files(const std::filesystem::path& program);

/// What POSIX's `cksum` prints of these files in their place, sorted by line.
std::vector<std::string> checksum_lines(const std::vector<ProgramFile>& files);

/// Where a program made here runs, in uname's words: "Linux x86_64".
std::string system_name();

} // namespace lockstep::push
