#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace lockstep {

/// A JSON text that people write, so that errors can say on which line a value
/// stands. Refuses what parse_json refuses, and more than 200,000 values.
class LinedJson {
 public:
  /// Keys, and indices as text, from the outermost value inwards.
  using Path = std::vector<std::string>;

  /// Throws Error{kind}: "WHERE:LINE:COLUMN: is not valid JSON: …" or
  /// "WHERE:LINE: …".
  LinedJson(std::string_view text, const std::string& where, ErrorKind kind);

  const Json& value() const { return value_; }
  /// The line, from 1, on which the value at `path` begins; where it is not
  /// there, that of the value it would be in.
  int line_of(const Path& path) const;

 private:
  class Recorder;
  struct Place {
    int line = 1;
    std::size_t id = 0;
  };

  // What the value `id` holds by a key or an index. The outermost has id 0.
  std::map<std::pair<std::size_t, std::string>, Place> places_;
  int first_line_ = 1; // of the outermost
  Json value_;
};

} // namespace lockstep
