#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace lockstep {

using Json = nlohmann::json;

/// A value as one short line of ASCII for an error message, strings in quotes.
std::string shown(const Json& value);

/// Parses text from outside. Throws Error{config} with `where` (a file or a
/// source) and the place; nesting deeper than 64 and duplicate keys are
/// refused.
Json parse_json(std::string_view text, const std::string& where);

/// Typed reads of one object's keys. Every error is Error{config} and names
/// `where`, the key, the value seen and what was expected.
class JsonReader {
 public:
  /// Keeps a reference to `object`, which must outlive the reader; throws when
  /// it is not an object.
  JsonReader(const Json& object, std::string where);

  bool has(const char* key) const; // present and not null
  const Json& at(const char* key) const;

  std::int64_t integer(
      const char* key, std::int64_t least, std::int64_t most) const;
  double number(const char* key, double least, double most) const;
  bool boolean(const char* key) const;
  std::string string(const char* key) const;
  JsonReader object(const char* key) const;

  /// The same with a default for a key that is absent or null.
  std::int64_t integer_or(
      const char* key,
      std::int64_t fallback,
      std::int64_t least,
      std::int64_t most) const;
  double number_or(
      const char* key, double fallback, double least, double most) const;
  bool boolean_or(const char* key, bool fallback) const;
  std::string string_or(const char* key, const std::string& fallback) const;

  const std::string& where() const { return where_; }
  /// Throws Error{config}: "WHERE: key "KEY" is VALUE, expected EXPECTED".
  [[noreturn]] void refuse(const char* key, std::string_view expected) const;

 private:
  const Json* object_;
  std::string where_;
};

} // namespace lockstep
