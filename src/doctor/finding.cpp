#include "doctor/finding.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/utf8.h"

namespace lockstep::doctor {

namespace {

constexpr std::array kLevels{Level::ok, Level::warning, Level::problem};

/// Those that are no question of reaching or starting a rank.
constexpr std::array<std::pair<std::string_view, ErrorKind>, 5> kKinds{{
    {"environment", ErrorKind::usage},
    {"model", ErrorKind::config},
    {"memory", ErrorKind::memory},
    {"version", ErrorKind::diverged},
    {"fingerprint", ErrorKind::diverged},
}};

ErrorKind kind_of(std::string_view topic) {
  const auto* found =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& row) {
        return row.first == topic;
      });
  return found == kKinds.end() ? ErrorKind::network : found->second;
}

Level parse_level(const JsonReader& reader) {
  const auto text = reader.string("level");
  const auto* found =
      std::find_if(kLevels.begin(), kLevels.end(), [&](Level l) {
        return name_of(l) == text;
      });
  if (found == kLevels.end()) {
    reader.refuse("level", "ok, warning or problem");
  }
  return *found;
}

} // namespace

std::string_view name_of(Level level) {
  switch (level) {
    case Level::ok:
      return "ok";
    case Level::warning:
      return "warning";
    case Level::problem:
      break;
  }
  return "problem";
}

Finding ok(std::string topic, std::string text) {
  return {"", std::move(topic), Level::ok, std::move(text), ""};
}

Finding warning(std::string topic, std::string text, std::string advice) {
  return {
      "", std::move(topic), Level::warning, std::move(text), std::move(advice)};
}

Finding problem(std::string topic, std::string text, std::string advice) {
  return {
      "", std::move(topic), Level::problem, std::move(text), std::move(advice)};
}

Json json_of(const Finding& finding) {
  return {
      {"host", finding.host},
      {"topic", finding.topic},
      {"level", name_of(finding.level)},
      {"text", finding.text},
      {"advice", finding.advice}};
}

std::vector<Finding> parse_findings(const Json& json, const std::string& host) {
  constexpr std::size_t kMostFindings = 1000;
  constexpr std::size_t kMostText = 1000;
  constexpr std::size_t kMostTopic = 20;
  const auto where = host + ": findings";
  if (!json.is_array() || json.size() > kMostFindings) {
    fail(
        ErrorKind::config,
        "{} are {}, expected a list of at most {}",
        where,
        shown(json),
        kMostFindings);
  }
  std::vector<Finding> findings;
  findings.reserve(json.size());
  for (const auto& value : json) {
    const JsonReader reader(value, where);
    findings.push_back(
        {host,
         one_line(reader.string("topic"), kMostTopic),
         parse_level(reader),
         one_line(reader.string("text"), kMostText),
         one_line(reader.string("advice"), kMostText)});
  }
  return findings;
}

int count(const std::vector<Finding>& findings, Level level) {
  return static_cast<int>(
      std::count_if(findings.begin(), findings.end(), [&](const auto& finding) {
        return finding.level == level;
      }));
}

std::optional<ErrorKind> verdict(const std::vector<Finding>& findings) {
  std::optional<ErrorKind> first;
  for (const auto& finding : findings) {
    if (finding.level != Level::problem) {
      continue;
    }
    const auto kind = kind_of(finding.topic);
    if (kind == ErrorKind::network) {
      return kind;
    }
    first = first ? first : kind;
  }
  return first;
}

} // namespace lockstep::doctor
