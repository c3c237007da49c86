#include "plan/hosts_entry.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "plan/host_names.h"

namespace lockstep::plan {

HostsEntry::HostsEntry(
    const HostsFile& file,
    const Json& object,
    LinedJson::Path path,
    std::string label)
    : file_(file),
      object_(object),
      path_(std::move(path)),
      label_(std::move(label)) {
  if (!object.is_object()) {
    complain(
        {},
        fmt::format(
            "is {}, expected an object such as {{\"ssh\": \"mac1\", \"ips\": "
            "[\"10.0.0.1\"]}}",
            shown(object)));
  }
}

void HostsEntry::set_name(const std::string& name) {
  label_ += fmt::format(" ({})", shown(name));
}

const Json* HostsEntry::find(const char* key) const {
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::optional<int> HostsEntry::integer(
    const char* key, int least, int most) const {
  const auto* value = find(key);
  if (value == nullptr) {
    return std::nullopt;
  }
  // As a double no integer wraps around, and those in question are exact.
  if (!value->is_number_integer() || value->get<double>() < least ||
      value->get<double>() > most) {
    refuse(key, fmt::format("an integer from {} to {}", least, most));
  }
  return value->get<int>();
}

std::optional<double> HostsEntry::number(
    const char* key, double least, double most) const {
  const auto* value = find(key);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_number() || !(value->get<double>() >= least) ||
      !(value->get<double>() <= most)) {
    refuse(key, fmt::format("a number from {} to {}", least, most));
  }
  return value->get<double>();
}

std::optional<std::string> HostsEntry::text(
    const char* key,
    bool (*is_good)(std::string_view),
    std::string_view expected) const {
  const auto* value = find(key);
  if (value == nullptr) {
    return std::nullopt;
  }
  if (!value->is_string() || !is_good(value->get_ref<const std::string&>())) {
    refuse(key, expected);
  }
  return value->get<std::string>();
}

const Json* HostsEntry::list(const char* key, std::string_view expected) const {
  const auto* value = find(key);
  if (value != nullptr && !value->is_array()) {
    refuse(key, expected);
  }
  return value;
}

void HostsEntry::check_keys(
    std::span<const std::string_view> known,
    std::span<const std::string_view> elsewhere,
    std::string_view where_then) const {
  const auto has = [](auto names, const std::string& key) {
    return std::find(names.begin(), names.end(), key) != names.end();
  };
  for (const auto& [key, value] : object_.items()) {
    if (has(known, key)) {
      continue;
    }
    if (has(elsewhere, key)) {
      complain(
          {key},
          fmt::format(
              "key {} is not read here, expected {}", shown(key), where_then));
    }
    for (const auto name : known) {
      if (is_nearly(key, name)) {
        complain(
            {key},
            fmt::format(
                "key {} is not known, expected \"{}\"", shown(key), name));
      }
    }
  }
}

void HostsEntry::refuse(
    const std::string& key, std::string_view expected) const {
  complain(
      {key},
      fmt::format(
          "key \"{}\" is {}, expected {}",
          key,
          shown(object_.at(key)),
          expected));
}

void HostsEntry::refuse(
    const char* key, std::size_t index, std::string_view expected) const {
  complain(
      {key, std::to_string(index)},
      fmt::format(
          "key \"{}[{}]\" is {}, expected {}",
          key,
          index,
          shown(object_.at(key).at(index)),
          expected));
}

void HostsEntry::complain(
    const LinedJson::Path& inner, std::string_view text) const {
  auto path = path_;
  path.insert(path.end(), inner.begin(), inner.end());
  fail(
      ErrorKind::usage,
      "{}:{}: {}{}{}",
      file_.where,
      file_.json.line_of(path),
      label_,
      label_.empty() ? "" : ": ",
      text);
}

} // namespace lockstep::plan
