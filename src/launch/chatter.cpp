#include "launch/chatter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
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

struct Words {
  std::optional<int> rank; // of which it is the line
  std::string_view text;
};

// "[1,2]<stderr>:words" of rank 2, as mpirun marks it when it is asked to.
Words words_of(std::string_view line) {
  const auto mark = line.find("]<std");
  const auto text = line.find('>', mark == std::string_view::npos ? 0 : mark);
  if (!line.starts_with('[') || mark == std::string_view::npos ||
      text == std::string_view::npos) {
    return {std::nullopt, line};
  }
  const auto rank = number_after(line.substr(0, mark), ",");
  auto words = line.substr(text + 1);
  words.remove_prefix(std::min(words.find_first_not_of(": "), words.size()));
  return {rank, words};
}

bool tells_how_rank_ended(std::string_view line) {
  return line.find(kRankEnded) != std::string_view::npos;
}

// libevent, inside mpirun, speaks of descriptors that are closed already.
bool is_for_people(std::string_view line) {
  return line.find_first_not_of(" \r") != std::string_view::npos &&
         !line.starts_with("[warn] Epoll") && !tells_how_rank_ended(line);
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

std::optional<Chatter::End> Chatter::end_by_shells(int n_ranks) const {
  std::optional<End> first;
  for (const auto line : lines_of(text_)) {
    const auto rank = number_after(line, kRankEnded);
    const auto code = number_after(line, "exit code");
    if (rank && *rank < n_ranks && code) {
      const End end{*rank, RankEnd::from_shell(*code)};
      if (end.how.signal) {
        return end;
      }
      first = first ? first : end;
    }
  }
  return first;
}

std::optional<Chatter::End> Chatter::end(int n_ranks) const {
  const auto by_shells = end_by_shells(n_ranks);
  if (by_shells && by_shells->how.signal) {
    return by_shells;
  }
  const auto by_mpirun = end_by_mpirun(n_ranks);
  return by_mpirun ? by_mpirun : by_shells;
}

std::optional<Chatter::End> Chatter::end_by_mpirun(int n_ranks) const {
  const std::string_view text = text_;
  // "… noticed that process rank 1 with PID 7 on node h exited on signal 9 …"
  const auto noticed = text.find("noticed that process rank");
  if (noticed != std::string_view::npos) {
    // The lines are wrapped at no fixed place.
    const auto about = text.substr(noticed, 512);
    const auto rank = number_after(about, "process rank");
    const auto signal = number_after(about, "on signal");
    if (rank && *rank < n_ranks && signal) {
      return End{*rank, {signal, 0}};
    }
  }
  // "Process name: [[47281,1],1]" and "Exit code:    7"
  const auto name = text.find("Process name:");
  if (name != std::string_view::npos) {
    const auto about = text.substr(name, 512);
    const auto rank = number_after(about, "],");
    const auto code = number_after(about, "Exit code:");
    if (rank && *rank < n_ranks && code) {
      return End{*rank, {std::nullopt, *code}};
    }
  }
  return std::nullopt;
}

bool Chatter::WayEnd::is_lost() const {
  constexpr int kSshFailed = 255;
  constexpr int kKilled = 128 + SIGKILL;
  return exit_code == kSshFailed || exit_code == kKilled;
}

std::optional<Chatter::WayEnd> Chatter::way_end() const {
  std::optional<WayEnd> first;
  const std::string_view text = text_;
  const std::string_view key = kWayEnded;
  for (auto at = text.find(key); at != std::string_view::npos;
       at = text.find(key, at + key.size())) {
    auto line = text.substr(at + key.size());
    line = line.substr(0, line.find('\n'));
    const auto code = number_after(line, "exit code");
    if (!code) {
      continue;
    }
    WayEnd end{
        std::string(line.substr(0, line.rfind(','))),
        *code,
        std::string(text.substr(0, at))};
    if (end.is_lost()) {
      return end;
    }
    first = first ? first : end;
  }
  return first;
}

std::string Chatter::said_by(int rank) const {
  std::string said;
  for (const auto line : lines_of(text_)) {
    const auto words = words_of(line);
    if (words.rank == rank && !tells_how_rank_ended(line)) {
      said += words.text;
      said += '\n';
    }
  }
  return said;
}

std::string Chatter::remarks() const {
  std::vector<std::string> remarks;
  std::vector<std::string> block;
  std::string words; // of the block
  const auto close_block = [&] {
    if (!is_usual(words)) {
      remarks.insert(remarks.end(), block.begin(), block.end());
    }
    block.clear();
    words.clear();
  };
  for (const auto line : lines_of(text_)) {
    if (is_rule(line)) {
      close_block();
    } else if (is_for_people(line)) {
      const auto [rank, text] = words_of(line);
      block.push_back(
          rank ? fmt::format("  rank {}: {}\n", *rank, text)
               : fmt::format("  {}\n", text));
      words += line;
    }
  }
  close_block();
  constexpr std::size_t kMostLines = 20;
  const auto shown = std::min(remarks.size(), kMostLines);
  return (remarks.size() > shown ? "  …\n" : "") +
         fmt::format(
             "{}",
             fmt::join(
                 remarks.end() - static_cast<std::ptrdiff_t>(shown),
                 remarks.end(),
                 ""));
}

} // namespace lockstep::launch
