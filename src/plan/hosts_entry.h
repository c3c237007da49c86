#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/lined_json.h"

namespace lockstep::plan {

/// A hosts file as it was written. Both outlive what refers to it.
struct HostsFile {
  const LinedJson& json;
  const std::string& where; // its name in errors
};

/// Typed reads of one JSON object of a hosts file: of the outermost, or of a
/// host. Every error is Error{usage} in one line: "FILE:LINE: host N ("name"):
/// key "k" is VALUE, expected …". A key that is null says nothing.
class HostsEntry {
 public:
  /// `label` is "" or "host 2". Throws when `object` is none.
  HostsEntry(
      const HostsFile& file,
      const Json& object,
      LinedJson::Path path,
      std::string label);

  /// What errors call the host besides.
  void set_name(const std::string& name);

  /// Null when the key is not there.
  const Json* find(const char* key) const;
  std::optional<int> integer(const char* key, int least, int most) const;
  std::optional<double> number(
      const char* key, double least, double most) const;
  std::optional<std::string> text(
      const char* key,
      bool (*is_good)(std::string_view),
      std::string_view expected) const;
  /// A list, which may be empty.
  const Json* list(const char* key, std::string_view expected) const;

  /// Refuses keys that are nearly one of `known`, and those of `elsewhere`,
  /// which belong `where_then`; others are somebody else's.
  void check_keys(
      std::span<const std::string_view> known,
      std::span<const std::string_view> elsewhere,
      std::string_view where_then) const;

  /// "key "KEY" is VALUE, expected EXPECTED".
  [[noreturn]] void refuse(
      const std::string& key, std::string_view expected) const;
  /// The same for one value of a list, as "KEY[INDEX]".
  [[noreturn]] void refuse(
      const char* key, std::size_t index, std::string_view expected) const;
  /// Any other complaint about the value at `inner`, below this object.
  [[noreturn]] void complain(
      const LinedJson::Path& inner, std::string_view text) const;

 private:
  const HostsFile& file_;
  const Json& object_;
  LinedJson::Path path_;
  std::string label_;
};

} // namespace lockstep::plan
