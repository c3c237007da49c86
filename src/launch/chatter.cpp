#include "launch/chatter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <vector>

#include <signal.h>

#include "launch/mpi.h"

namespace lockstep::launch {

namespace {

constexpr std::size_t kMostBytes = 64 << 10;

std::optional<int> number_after(std::string_view text, std::string_view key) {
  const auto at = text.find(key);
  if (at == std::string_view::npos) {
    return std::nullopt;
  }
  text.remove_prefix(at + key.size());
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  int value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && value >= 0 ? std::optional(value)
                                            : std::nullopt;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool is_rule(std::string_view line) {
  constexpr std::size_t kShortest = 20;
  return line.size() >= kShortest &&
         line.find_first_not_of('-') == std::string_view::npos;
}

bool is_usual(std::string_view block) {
  constexpr std::array<std::string_view, 5> kUsual{
      "job  terminated normally, but",
      "job terminated normally, but",
      "noticed that process rank",
      "one or more processes exited with non-zero status",
      "exiting improperly"};
  return std::any_of(kUsual.begin(), kUsual.end(), [&](std::string_view words) {
    return block.find(words) != std::string_view::npos;
  });
}

} // namespace

void Chatter::add(std::string_view bytes) {
  text_ += bytes.substr(0, kMostBytes - std::min(text_.size(), kMostBytes));
}

std::optional<Chatter::End> Chatter::end() const {
  const std::string_view text = text_;
  // "… noticed that process rank 1 with PID 7 on node h exited on signal 9 …"
  const auto noticed = text.find("noticed that process rank");
  if (noticed != std::string_view::npos) {
    // The lines are wrapped at no fixed place.
    const auto about = text.substr(noticed, 512);
    const auto rank = number_after(about, "process rank");
    const auto signal = number_after(about, "on signal");
    if (rank && signal) {
      return End{*rank, signal, std::nullopt};
    }
  }
  // "Process name: [[47281,1],1]" and "Exit code:    7"
  const auto name = text.find("Process name:");
  if (name != std::string_view::npos) {
    const auto about = text.substr(name, 512);
    const auto rank = number_after(about, "],");
    const auto code = number_after(about, "Exit code:");
    if (rank && code) {
      return End{*rank, std::nullopt, code};
    }
  }
  return std::nullopt;
}

std::optional<Chatter::WayEnd> Chatter::way_end() const {
  // Of its own, or killed: any other code is that of what ran there.
  constexpr int kSshFailed = 255;
  constexpr int kKilled = 128 + SIGKILL;
  const std::string_view text = text_;
  const std::string_view key = kWayEnded;
  for (auto at = text.find(key); at != std::string_view::npos;
       at = text.find(key, at + key.size())) {
    auto line = text.substr(at + key.size());
    line = line.substr(0, line.find('\n'));
    const auto code = number_after(line, "exit code");
    if (code == kSshFailed || code == kKilled) {
      return WayEnd{
          std::string(line.substr(0, line.rfind(','))),
          *code,
          std::string(text.substr(0, at))};
    }
  }
  return std::nullopt;
}

std::string Chatter::remarks() const {
  std::string remarks;
  std::string block;
  const auto close_block = [&] {
    if (!is_usual(block)) {
      remarks += block;
    }
    block.clear();
  };
  for (const auto line : lines_of(text_)) {
    if (is_rule(line)) {
      close_block();
    } else if (line.find_first_not_of(" \r") != std::string_view::npos) {
      block += "  ";
      block += line;
      block += '\n';
    }
  }
  close_block();
  return remarks;
}

} // namespace lockstep::launch
