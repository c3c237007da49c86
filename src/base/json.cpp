#include "base/json.h"

#include <cmath>
#include <cstddef>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"

namespace lockstep {

namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kShownBytes = 80;

// The parser's own text quotes the input, which may be long or not UTF-8.
std::string reason_of(const Json::exception& e) {
  constexpr std::size_t kReasonBytes = 200;
  const std::string_view text = e.what();
  const auto tag = text.find("] ");
  return one_line(
      tag == std::string_view::npos ? text : text.substr(tag + 2),
      kReasonBytes);
}

} // namespace

std::string shown(const Json& value) {
  auto text =
      value.is_string() &&
              value.get_ref<const std::string&>().size() > kShownBytes
          ? Json(value.get_ref<const std::string&>().substr(0, kShownBytes))
                .dump(-1, ' ', true, Json::error_handler_t::replace)
          : value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kShownBytes) {
    text.resize(kShownBytes);
    text += "...";
  }
  return text;
}

Json parse_json(std::string_view text, const std::string& where) {
  std::vector<std::set<std::string>> keys;
  const auto check =
      [&](int depth, Json::parse_event_t event, Json& value) -> bool {
    if (depth > kMaxDepth) {
      fail(
          ErrorKind::config,
          "{}: JSON nested deeper than {} levels",
          where,
          kMaxDepth);
    }
    if (event == Json::parse_event_t::object_start) {
      keys.emplace_back();
    } else if (event == Json::parse_event_t::object_end) {
      keys.pop_back();
    } else if (
        event == Json::parse_event_t::key &&
        !keys.back().insert(value.get<std::string>()).second) {
      fail(
          ErrorKind::config,
          "{}: JSON key {} stands twice in one object",
          where,
          shown(value));
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), check);
  } catch (const Json::exception& e) {
    fail(ErrorKind::config, "{}: is not valid JSON: {}", where, reason_of(e));
  }
}

JsonReader::JsonReader(const Json& object, std::string where)
    : object_(&object), where_(std::move(where)) {
  if (!object.is_object()) {
    fail(
        ErrorKind::config,
        "{}: is {}, expected a JSON object",
        where_,
        shown(object));
  }
}

bool JsonReader::has(const char* key) const {
  const auto found = object_->find(key);
  return found != object_->end() && !found->is_null();
}

const Json& JsonReader::at(const char* key) const {
  const auto found = object_->find(key);
  if (found == object_->end()) {
    fail(ErrorKind::config, "{}: key \"{}\" is missing", where_, key);
  }
  return *found;
}

void JsonReader::refuse(const char* key, std::string_view expected) const {
  fail(
      ErrorKind::config,
      "{}: key \"{}\" is {}, expected {}",
      where_,
      key,
      shown(at(key)),
      expected);
}

std::int64_t JsonReader::integer(
    const char* key, std::int64_t least, std::int64_t most) const {
  const auto& value = at(key);
  const bool fits = value.is_number_integer() &&
                    (!value.is_number_unsigned() ||
                     value.get<std::uint64_t>() <=
                         static_cast<std::uint64_t>(
                             std::numeric_limits<std::int64_t>::max()));
  if (!fits || value.get<std::int64_t>() < least ||
      value.get<std::int64_t>() > most) {
    refuse(key, fmt::format("an integer from {} to {}", least, most));
  }
  return value.get<std::int64_t>();
}

double JsonReader::number(const char* key, double least, double most) const {
  const auto& value = at(key);
  if (!value.is_number() || !std::isfinite(value.get<double>()) ||
      value.get<double>() < least || value.get<double>() > most) {
    refuse(key, fmt::format("a number from {} to {}", least, most));
  }
  return value.get<double>();
}

bool JsonReader::boolean(const char* key) const {
  if (!at(key).is_boolean()) {
    refuse(key, "true or false");
  }
  return at(key).get<bool>();
}

std::string JsonReader::string(const char* key) const {
  if (!at(key).is_string()) {
    refuse(key, "a string");
  }
  return at(key).get<std::string>();
}

JsonReader JsonReader::object(const char* key) const {
  return {at(key), where_ + "." + key};
}

std::int64_t JsonReader::integer_or(
    const char* key,
    std::int64_t fallback,
    std::int64_t least,
    std::int64_t most) const {
  return has(key) ? integer(key, least, most) : fallback;
}

double JsonReader::number_or(
    const char* key, double fallback, double least, double most) const {
  return has(key) ? number(key, least, most) : fallback;
}

bool JsonReader::boolean_or(const char* key, bool fallback) const {
  return has(key) ? boolean(key) : fallback;
}

std::string JsonReader::string_or(
    const char* key, const std::string& fallback) const {
  return has(key) ? string(key) : fallback;
}

} // namespace lockstep
