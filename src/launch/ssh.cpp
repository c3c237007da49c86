#include "launch/ssh.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "base/utf8.h"
#include "plan/host_names.h"

namespace lockstep::launch {

namespace {

constexpr char kVariable[] = "LOCKSTEP_SSH";

std::vector<std::string> ssh_program() {
  const char* chosen = std::getenv(kVariable);
  std::istringstream text(chosen == nullptr ? "ssh" : chosen);
  std::vector<std::string> words;
  for (std::string word; text >> word;) {
    words.push_back(word);
  }
  if (words.empty()) {
    fail(
        ErrorKind::usage,
        "{} is \"{}\", expected a command such as \"ssh -F FILE\"; set it, or "
        "unset it",
        kVariable,
        chosen);
  }
  return words;
}

bool is_plain(char c) {
  constexpr std::string_view kOthers = "_-./=:,@%+";
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         kOthers.find(c) != std::string_view::npos;
}

std::string quoted(const std::string& word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), is_plain)) {
    return word;
  }
  std::string text = "'";
  for (const char c : word) {
    text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return text + "'";
}

} // namespace

std::vector<std::string> ssh_command(const std::string& host) {
  constexpr std::size_t kShownBytes = 80;
  if (!plan::is_ssh_name(host)) {
    fail(
        ErrorKind::usage,
        "\"{}\" is no host that ssh can be called with, expected a name such "
        "as mac1 or user@10.0.0.1",
        one_line(host, kShownBytes));
  }
  auto command = ssh_program();
  for (const char* option :
       {"BatchMode=yes",
        "ConnectTimeout=5",
        "ServerAliveInterval=1",
        "ServerAliveCountMax=3",
        "LogLevel=ERROR",
        // Those of the user's settings would be taken by the first of several.
        "ClearAllForwardings=yes"}) {
    command.insert(command.end(), {"-o", option});
  }
  command.insert(command.end(), {"-T", "--", host});
  return command;
}

std::string shell_command(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) {
    text += (text.empty() ? "" : " ") + quoted(word);
  }
  return text;
}

std::string ssh_advice(std::string_view line, const std::string& host) {
  constexpr std::string_view kOff =
      "is it on, and on a network that reaches this machine?";
  const std::array<std::pair<std::string_view, std::string>, 8> known{{
      {"Permission denied",
       fmt::format("set up a key for it: ssh-copy-id {}", host)},
      {"Host key verification failed",
       fmt::format(
           "its key is new here, or has changed; connect once by hand: ssh {}",
           host)},
      {"Could not resolve hostname",
       "is the name right? ~/.ssh/config can say what address it has"},
      {"Connection refused",
       "is its ssh server on? On a Mac: System Settings, General, Sharing, "
       "Remote Login"},
      {"timed out", std::string(kOff)},
      {"No route to host", std::string(kOff)},
      {"Network is unreachable", std::string(kOff)},
      {"Host is down", std::string(kOff)},
  }};
  for (const auto& [words, advice] : known) {
    if (line.find(words) != std::string_view::npos) {
      return advice;
    }
  }
  return fmt::format("try it by hand: ssh {}", host);
}

} // namespace lockstep::launch
