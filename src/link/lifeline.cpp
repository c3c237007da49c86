#include "link/lifeline.h"

#include <cstdlib>
#include <utility>

#include <signal.h>
#include <unistd.h>

#include "base/error.h"
#include "base/host.h"
#include "link/socket.h"
#include "link/tcp.h"
#include "link/watch.h"

namespace lockstep::link {

namespace {

constexpr std::chrono::seconds kConnectPatience(10);

} // namespace

Lifeline::Lifeline(std::unique_ptr<Watch> watch) : watch_(std::move(watch)) {
}
Lifeline::Lifeline(Lifeline&&) noexcept = default;
Lifeline::~Lifeline() = default;

Lifeline Lifeline::from_environment() {
  const char* address = std::getenv(kLifelineVariable);
  if (address != nullptr) {
    const char* text = std::getenv(kSecretVariable);
    std::optional<Secret> secret;
    if (text != nullptr) {
      secret = Secret::from_text(text);
      ::unsetenv(kSecretVariable);
    }
    return connect(address, secret);
  }
  return Lifeline(std::make_unique<Watch>(Descriptor()));
}

Lifeline Lifeline::connect(
    const std::string& address, const std::optional<Secret>& secret) {
  // Writing to a launcher or a peer that is gone must give an error, not a
  // mute end.
  ::signal(SIGPIPE, SIG_IGN);
  const bool is_tcp = address.starts_with(kTcpPrefix);
  if (is_tcp && !secret) {
    fail(
        ErrorKind::usage,
        "environment: {}={} needs {}, which is not set",
        kLifelineVariable,
        address,
        kSecretVariable);
  }
  return Lifeline(
      is_tcp ? std::make_unique<Watch>(
                   connect_tcp(address, kConnectPatience), secret)
             : std::make_unique<Watch>(connect_to(address)));
}

bool Lifeline::has_launcher() const {
  return watch_->has_launcher();
}

bool Lifeline::is_heard() const {
  return watch_->is_heard();
}

void Lifeline::hello(int rank, int size, std::chrono::milliseconds patience) {
  if (has_launcher()) {
    watch_->greet(
        {rank, size, static_cast<std::int32_t>(::getpid()), host_name()},
        patience);
    watch_->start();
  } else if (size > 1) {
    watch_->start();
  }
}

std::string Lifeline::await_turn(int port) {
  return watch_->await_turn(port);
}

void Lifeline::set_phase(const char* literal) noexcept {
  watch_->set_phase(literal);
}

void Lifeline::set_tick(std::uint64_t tick) noexcept {
  watch_->set_tick(tick);
}

void Lifeline::set_step(Step step) noexcept {
  watch_->set_step(step);
}

void Lifeline::goodbye(int code, std::string_view text) noexcept {
  watch_->goodbye({code, std::string(text)});
}

} // namespace lockstep::link
