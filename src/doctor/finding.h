#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace lockstep::doctor {

enum class Level {
  ok,
  warning, // works, but not as it could, or not for long
  problem, // ranks will not run
};

std::string_view name_of(Level level);

/// One thing that was looked at.
struct Finding {
  std::string host;  // as the hosts file has it; empty: all of them together
  std::string topic; // one word: "memory", "link", …
  Level level = Level::ok;
  std::string text;   // what was seen, in one line
  std::string advice; // what to do; empty when that is nothing
};

Finding ok(std::string topic, std::string text);
Finding warning(std::string topic, std::string text, std::string advice);
Finding problem(std::string topic, std::string text, std::string advice);

Json json_of(const Finding& finding);
/// From what another machine wrote, as findings of `host`; texts become one line
/// of printable ASCII each. Throws Error{config}.
std::vector<Finding> parse_findings(const Json& json, const std::string& host);

int count(const std::vector<Finding>& findings, Level level);

/// The kind of error that a run would end with: unreachable hosts before all
/// else, then by the first problem's topic. Nothing when there is no problem.
std::optional<ErrorKind> verdict(const std::vector<Finding>& findings);

} // namespace lockstep::doctor
