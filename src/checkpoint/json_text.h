#pragma once

#include <string>
#include <string_view>

namespace lockstep::checkpoint {

/// Whether `text` is well-formed UTF-8.
bool is_utf8(std::string_view text);

/// Appends `text`, which is UTF-8, as a JSON string in quotes. For large
/// texts, where building a tree of values first would cost too much.
void append_json_string(std::string& out, std::string_view text);

} // namespace lockstep::checkpoint
