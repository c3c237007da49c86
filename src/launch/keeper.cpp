#include "launch/keeper.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "launch/ending.h"
#include "launch/lines.h"
#include "launch/local.h"
#include "launch/order.h"
#include "launch/own_process.h"
#include "launch/signals.h"
#include "launch/spawn.h"

namespace lockstep::launch {

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kMostOrder = 4 << 20;
constexpr milliseconds kOrderPatience(20'000);
// Longer than the control link's, which tells the user more.
constexpr milliseconds kMostSilence(5000);
constexpr milliseconds kLookRound(100);

enum class Heard { nothing, something, end };

Heard hear(std::string& bytes) {
  std::array<char, 4096> buffer{};
  const auto n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (n > 0) {
    bytes.append(buffer.data(), static_cast<std::size_t>(n));
    return Heard::something;
  }
  const bool later = n < 0 && (errno == EAGAIN || errno == EINTR);
  return later ? Heard::nothing : Heard::end;
}

Order wait_for_order() {
  const auto deadline = steady_clock::now() + kOrderPatience;
  std::string bytes;
  while (bytes.find('\n') == std::string::npos) {
    pollfd waiting{STDIN_FILENO, POLLIN, 0};
    ::poll(&waiting, 1, static_cast<int>(kLookRound.count()));
    const bool ended = waiting.revents != 0 && hear(bytes) == Heard::end;
    if (ended || bytes.size() > kMostOrder || steady_clock::now() > deadline) {
      fail(
          ErrorKind::network,
          "no order came on stdin, expected a line of JSON; this command is "
          "for lockstep itself, when it starts ranks on other hosts");
    }
  }
  return parse_order(std::string_view(bytes).substr(0, bytes.find('\n')));
}

Child start(const Order& order, const Signals& signals) {
  const link::Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  SpawnOptions options;
  options.program = self_path();
  options.argv = {options.program.string()};
  options.argv.insert(options.argv.end(), order.argv.begin(), order.argv.end());
  options.environment = current_environment();
  for (const auto& [name, value] : order.environment) {
    options.environment[name] = value;
  }
  options.stdin_fd = nothing.get();
  options.mask = signals.mask_before();
  return {spawn(options), 0};
}

// Whether the launcher still wants the rank.
class Wanted {
 public:
  bool still(steady_clock::time_point now) {
    // We ourselves were stopped, so nothing could be heard.
    if (now - last_look_ > milliseconds(1000)) {
      last_heard_ = now;
    }
    last_look_ = now;
    std::string bytes;
    const auto heard = hear(bytes);
    if (heard == Heard::something) {
      last_heard_ = now;
    }
    return heard != Heard::end && now - last_heard_ <= kMostSilence;
  }

 private:
  steady_clock::time_point last_look_ = steady_clock::now();
  steady_clock::time_point last_heard_ = steady_clock::now();
};

bool has_ended(Child& child) {
  int status = 0;
  if (!child.status && ::waitpid(child.pid, &status, WNOHANG) == child.pid) {
    child.status = status;
  }
  return child.status.has_value();
}

void end(std::vector<Child>& children) {
  Ending ending({}, steady_clock::now());
  while (!has_ended(children.front()) &&
         !ending.is_hopeless(steady_clock::now())) {
    ending.step(children, steady_clock::now());
    constexpr useconds_t kRoundUs = 5000;
    ::usleep(kRoundUs);
  }
}

} // namespace

int keep_rank() {
  Signals signals;
  const auto order = wait_for_order();
  enter_directory(order.directory);
  std::vector<Child> children;
  children.push_back(start(order, signals));
  link::set_nonblocking(STDIN_FILENO);
  Wanted wanted;
  bool signalled = false;
  while (!has_ended(children.front())) {
    std::array<pollfd, 2> waiting{
        {{signals.fd(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}}};
    ::poll(
        waiting.data(), waiting.size(), static_cast<int>(kLookRound.count()));
    for (const int signal : signals.take()) {
      signalled = signalled || signal != SIGCHLD;
    }
    if (signalled || !wanted.still(steady_clock::now())) {
      end(children);
      break;
    }
  }
  const auto& status = children.front().status;
  const auto how = RankEnd::from_status(status.value_or(SIGKILL));
  constexpr int kSignalBase = 128; // as shells count
  return how.signal ? kSignalBase + *how.signal : how.exit_code;
}

} // namespace lockstep::launch
