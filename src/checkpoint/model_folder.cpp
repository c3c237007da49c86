#include "checkpoint/model_folder.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/file.h"

namespace lockstep::checkpoint {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMaxNameBytes = 255;

bool is_below(const fs::path& path, const fs::path& folder) {
  const auto [end, rest] =
      std::mismatch(folder.begin(), folder.end(), path.begin(), path.end());
  return end == folder.end() && rest != path.end();
}

// A hub cache keeps snapshots/REVISION/NAME as links to blobs/HASH.
bool is_blob_of(const fs::path& path, const fs::path& snapshot) {
  const auto snapshots = snapshot.parent_path();
  return snapshots.filename() == "snapshots" &&
         path.parent_path() == snapshots.parent_path() / "blobs";
}

} // namespace

bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= kMaxNameBytes && name != "." &&
         name != ".." && std::none_of(name.begin(), name.end(), [](char c) {
           return c == '/' || c == '\\' || c == ':' ||
                  static_cast<unsigned char>(c) < ' ';
         });
}

ModelFolder::ModelFolder(fs::path path) : path_(std::move(path)) {
  std::error_code error;
  root_ = fs::canonical(path_, error);
  if (error || !fs::is_directory(root_, error)) {
    fail(ErrorKind::config, "{}: is not a readable directory", path_.string());
  }
}

std::string ModelFolder::shown_path(const std::string& name) const {
  return (path_ / name).string();
}

bool ModelFolder::has(const std::string& name) const {
  std::error_code error;
  // A link that leads nowhere is there, and an error when it is read.
  const auto status = fs::symlink_status(path_ / name, error);
  return fs::exists(status);
}

fs::path ModelFolder::resolve(const std::string& name) const {
  if (!is_plain_name(name)) {
    fail(
        ErrorKind::config,
        "{}: file name {} is not plain, expected one without folders",
        path_.string(),
        shown(name));
  }
  std::error_code error;
  const auto target = fs::canonical(path_ / name, error);
  if (error) {
    fail(
        ErrorKind::config,
        "{}: cannot be read: {}",
        shown_path(name),
        error.message());
  }
  if (!is_below(target, root_) && !is_blob_of(target, root_)) {
    fail(
        ErrorKind::config,
        "{}: leads to {}, outside the model's directory",
        shown_path(name),
        target.string());
  }
  return path_ / name;
}

std::string ModelFolder::text(
    const std::string& name, std::uint64_t max_bytes) const {
  return read_text_file(resolve(name), max_bytes);
}

Json ModelFolder::json(const std::string& name, std::uint64_t max_bytes) const {
  return parse_json(text(name, max_bytes), shown_path(name));
}

std::vector<std::string> ModelFolder::names_ending_in(
    const std::string& suffix) const {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(root_, error), end; !error && it != end;
       it.increment(error)) {
    auto name = it->path().filename().string();
    if (name.size() > suffix.size() &&
        name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0) {
      names.push_back(std::move(name));
    }
  }
  if (error) {
    fail(
        ErrorKind::config,
        "{}: cannot be listed: {}",
        path_.string(),
        error.message());
  }
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace lockstep::checkpoint
