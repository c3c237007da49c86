#include "app/progress.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/output.h"

namespace lockstep::app {

namespace {

constexpr auto kPatience = std::chrono::milliseconds(300);
constexpr auto kInterval = std::chrono::milliseconds(80);

int terminal_columns() {
  if (::isatty(STDERR_FILENO) == 0) {
    return 0;
  }
  winsize size{};
  const bool known =
      ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

} // namespace

ProgressBar::ProgressBar(std::string label)
    : label_(std::move(label)),
      columns_(terminal_columns()),
      start_(std::chrono::steady_clock::now()),
      shown_(start_) {
}

ProgressBar::~ProgressBar() {
  clear();
}

void ProgressBar::show(double share) {
  const auto now = std::chrono::steady_clock::now();
  if (columns_ == 0 || now - start_ < kPatience || now - shown_ < kInterval) {
    return;
  }
  shown_ = now;
  visible_ = true;
  const int room = columns_ - static_cast<int>(label_.size()) - 10;
  const int width = std::clamp(room, 5, 40);
  const int filled = static_cast<int>(
      std::clamp(share, 0.0, 1.0) * static_cast<double>(width));
  write_stderr(fmt::format(
      "\r{} [{:#<{}}{:.<{}}] {:3.0f} %",
      label_,
      "",
      filled,
      "",
      width - filled,
      100.0 * share));
}

void ProgressBar::clear() {
  if (visible_) {
    write_stderr("\r\033[K");
    visible_ = false;
  }
}

} // namespace lockstep::app
