#include "app/findings_text.h"

#include <algorithm>

#include <fmt/format.h>

namespace lockstep::app {

namespace {

using doctor::Finding;
using doctor::Level;

constexpr std::size_t kLevelWidth = 7; // of "warning"

std::string level_text(Level level, bool is_coloured) {
  auto name = fmt::format("{:<{}}", name_of(level), kLevelWidth);
  if (!is_coloured) {
    return name;
  }
  const int colour = level == Level::ok        ? 32  // green
                     : level == Level::warning ? 33  // yellow
                                               : 31; // red
  return fmt::format("\033[{}m{}\033[0m", colour, name);
}

std::string counted(int n, const char* what) {
  return n == 0   ? fmt::format("no {}s", what)
         : n == 1 ? fmt::format("1 {}", what)
                  : fmt::format("{} {}s", n, what);
}

std::string title(const std::string& host) {
  return host.empty()          ? "all hosts together"
         : host == "localhost" ? "this machine"
                               : host;
}

} // namespace

std::string findings_text(
    const std::vector<Finding>& findings, bool is_coloured) {
  std::size_t width = 0;
  for (const auto& finding : findings) {
    width = std::max(width, finding.topic.size());
  }
  std::string text;
  const std::string* host = nullptr;
  for (const auto& finding : findings) {
    if (host == nullptr || *host != finding.host) {
      text += fmt::format(
          "{}{}\n", host == nullptr ? "" : "\n", title(finding.host));
      host = &finding.host;
    }
    text += fmt::format(
        "  {}  {:<{}}  {}\n",
        level_text(finding.level, is_coloured),
        finding.topic,
        width,
        finding.text);
    if (!finding.advice.empty()) {
      text +=
          fmt::format("{:{}}{}\n", "", kLevelWidth + width + 6, finding.advice);
    }
  }
  return text + fmt::format(
                    "\n{}, {}\n",
                    counted(count(findings, Level::problem), "problem"),
                    counted(count(findings, Level::warning), "warning"));
}

} // namespace lockstep::app
