#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"

namespace lockstep::checkpoint {

/// Whether a name of a file is one, and no way into another folder.
bool is_plain_name(const std::string& name);

/// The files of a model directory. Names are data from outside: only plain
/// names are taken, and a link must stay inside the directory or lead to the
/// blobs of the hub cache that the directory is a snapshot in.
class ModelFolder {
 public:
  /// Throws Error{config} when `path` is no readable directory.
  explicit ModelFolder(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  bool has(const std::string& name) const;
  /// The path of a file that may be read. Throws Error{config} naming the file when it
  /// is missing, its name is not plain, or it leads outside.
  std::filesystem::path resolve(const std::string& name) const;
  /// The name with the directory, for error messages.
  std::string shown_path(const std::string& name) const;

  std::string text(const std::string& name, std::uint64_t max_bytes) const;
  Json json(const std::string& name, std::uint64_t max_bytes) const;
  /// Names of the files that end in `suffix`, sorted.
  std::vector<std::string> names_ending_in(const std::string& suffix) const;

 private:
  std::filesystem::path path_;
  std::filesystem::path root_; // without links
};

} // namespace lockstep::checkpoint
