#include "app/push_progress.h"

#include <algorithm>

#include <fmt/format.h>

#include "app/output.h"
#include "app/table.h"
#include "base/units.h"
#include "launch/terminal.h"

namespace lockstep::app {

namespace {

using launch::PushState;

double share_of(const PushState& state) {
  const auto all = state.total + state.program_total;
  const auto done = state.sent + state.present + state.program_sent;
  return all == 0
             ? 0.0
             : std::min(
                   1.0, static_cast<double>(done) / static_cast<double>(all));
}

std::string rate_of(const PushState& state) {
  const auto sent = static_cast<double>(state.sent + state.program_sent);
  return state.seconds <= 0.0
             ? "-"
             : format_bytes(static_cast<std::uint64_t>(sent / state.seconds)) +
                   "/s";
}

std::string line_of(const PushState& state, int columns) {
  constexpr int kWidest = 30;
  const auto text = fmt::format(
      " {} of {}, {}",
      format_bytes(state.sent + state.present + state.program_sent),
      format_bytes(state.total + state.program_total),
      state.is_over ? (state.failure.empty() ? "done" : "failed")
                    : rate_of(state));
  const int room =
      columns - static_cast<int>(text.size() + state.host.size()) - 4;
  const int width = std::clamp(room, 5, kWidest);
  const int filled = static_cast<int>(share_of(state) * width);
  const auto line = fmt::format(
      "{} [{:#<{}}{:.<{}}]{}",
      state.host,
      "",
      filled,
      "",
      width - filled,
      text);
  // A line that wraps could not be taken back.
  return line.substr(0, static_cast<std::size_t>(std::max(1, columns - 1)));
}

} // namespace

PushProgress::PushProgress() : columns_(launch::terminal_columns()) {
}

PushProgress::~PushProgress() {
  clear();
}

void PushProgress::clear() {
  if (n_lines_ > 0) {
    write_stderr(fmt::format("\033[{}A\033[J", n_lines_));
    n_lines_ = 0;
  }
}

void PushProgress::show(const std::vector<PushState>& states) {
  if (columns_ == 0) {
    return;
  }
  clear();
  std::string text;
  for (const auto& state : states) {
    text += line_of(state, columns_) + "\n";
  }
  write_stderr(text);
  n_lines_ = states.size();
}

std::string push_table(const std::vector<PushState>& states) {
  std::vector<Cells> rows{
      {"host", "program", "sent", "already there", "seconds"}};
  for (const auto& state : states) {
    rows.push_back(
        {state.host,
         state.program_total > 0  ? format_bytes(state.program_sent)
         : !state.remark.empty()  ? state.remark
         : !state.failure.empty() ? "-"
                                  : "there",
         format_bytes(state.sent),
         format_bytes(state.present),
         fmt::format("{:.1f}", state.seconds)});
  }
  constexpr std::size_t kTextColumns = 2;
  return format_table(rows, kTextColumns);
}

} // namespace lockstep::app
