#include "push/program_files.h"

#include <algorithm>
#include <map>
#include <span>

#include <fmt/format.h>
#include <sys/utsname.h>

#include "base/error.h"
#include "base/file.h"
#include "push/cksum.h"
#include "push/loaded_files.h"

namespace lockstep::push {

namespace fs = std::filesystem;

namespace {

constexpr char kLibraries[] = "lib/lockstep";

std::string start_script() {
  return fmt::format(
      R"(#!/bin/sh
# Brought by lockstep push.
here=$(cd "$(dirname "$0")/.." && pwd) || exit 126
lib=$here/{0}
{1}=$lib/mlx/lib:$lib${{{1}:+:${1}}}
export {1}
exec "$lib/lockstep" "$@"
)",
      kLibraries,
      kLibraryVariable);
}

/// The folder of wheels that MLX lies in, as its libraries find each other by
/// their places in it; empty when MLX is installed by itself.
fs::path wheels_of(const std::vector<fs::path>& libraries) {
  for (const auto& path : libraries) {
    const auto folder = fs::weakly_canonical(path).parent_path();
    if (path.filename().string().starts_with("libmlx.") &&
        folder.filename() == "lib" &&
        folder.parent_path().filename() == "mlx") {
      return folder.parent_path().parent_path();
    }
  }
  return {};
}

class ProgramFiles {
 public:
  void add(const std::string& place, const fs::path& path, bool executable) {
    const File file(path);
    files_[place] = {place, path, "", file.size(), executable};
  }
  void add_text(const std::string& place, std::string text, bool executable) {
    const auto size = text.size();
    files_[place] = {place, {}, std::move(text), size, executable};
  }
  /// All below a folder, if there is one.
  void add_folder(const std::string& place, const fs::path& folder) {
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end;
         !error && it != end;
         it.increment(error)) {
      if (it->is_regular_file(error)) {
        add(place + "/" + it->path().lexically_relative(folder).string(),
            it->path(),
            false);
      }
    }
  }
  std::vector<ProgramFile> take() {
    std::vector<ProgramFile> list;
    for (auto& [place, file] : files_) {
      list.push_back(std::move(file));
    }
    return list;
  }

 private:
  std::map<std::string, ProgramFile> files_;
};

} // namespace

std::vector<ProgramFile> program_files(const fs::path& program) {
  const std::string libraries = kLibraries;
  ProgramFiles files;
  files.add_text("bin/lockstep", start_script(), true);
  files.add_text(
      kProgramMark,
      "Brought by lockstep push; lockstep push --clean removes it.\n",
      false);
  files.add(libraries + "/lockstep", program, true);
  const auto loaded = loaded_libraries();
  const auto wheels = wheels_of(loaded);
  for (const auto& path : loaded) {
    const auto in_wheels =
        wheels.empty() ? fs::path("..")
                       : fs::weakly_canonical(path).lexically_relative(wheels);
    const bool is_in_wheels = *in_wheels.begin() != "..";
    files.add(
        libraries + "/" + (is_in_wheels ? in_wheels : path.filename()).string(),
        path,
        false);
    const auto metal = path.parent_path() / "mlx.metallib";
    if (path.filename().string().starts_with("libmlx.") && fs::exists(metal)) {
      files.add(
          libraries + "/" + (is_in_wheels ? "mlx/lib/" : "") + "mlx.metallib",
          metal,
          false);
    }
  }
  // CUDA: libraries that are loaded late, and headers from which MLX compiles.
  if (!wheels.empty() && fs::exists(wheels / "nvidia")) {
    for (const auto* folder :
         {"nvidia",
          "mlx/include/cccl",
          "mlx/include/cute",
          "mlx/include/cutlass"}) {
      files.add_folder(libraries + "/" + folder, wheels / folder);
    }
  }
  return files.take();
}

std::vector<std::string> checksum_lines(const std::vector<ProgramFile>& files) {
  constexpr std::size_t kBuffer = std::size_t{1} << 20;
  std::vector<std::string> lines;
  std::string buffer;
  for (const auto& file : files) {
    Cksum sum;
    if (file.path.empty()) {
      sum.add(file.text);
    } else {
      const File source(file.path);
      for (std::uint64_t at = 0; at < file.size; at += buffer.size()) {
        buffer.resize(std::min<std::uint64_t>(kBuffer, file.size - at));
        source.read_at(at, std::as_writable_bytes(std::span(buffer)));
        sum.add(buffer);
      }
    }
    lines.push_back(
        fmt::format("{} {} {}", sum.value(), file.size, file.place));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string system_name() {
  utsname names{};
  return ::uname(&names) == 0
             ? fmt::format("{} {}", names.sysname, names.machine)
             : "";
}

} // namespace lockstep::push
