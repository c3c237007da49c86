#include "link/lifeline.h"

#include <array>
#include <cstdlib>
#include <utility>

#include <signal.h>
#include <unistd.h>

#include "base/error.h"
#include "link/watch.h"

namespace lockstep::link {

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) {
    return "this host";
  }
  return name.data();
}

} // namespace

Lifeline::Lifeline(std::unique_ptr<Watch> watch) : watch_(std::move(watch)) {
}
Lifeline::Lifeline(Lifeline&&) noexcept = default;
Lifeline::~Lifeline() = default;

Lifeline Lifeline::from_environment() {
  const char* address = std::getenv(kLifelineVariable);
  if (address != nullptr) {
    return connect(address);
  }
  return Lifeline(std::make_unique<Watch>(Descriptor()));
}

Lifeline Lifeline::connect(const std::string& address) {
  // Writing to a launcher or a peer that is gone must give an error, not a
  // mute end.
  ::signal(SIGPIPE, SIG_IGN);
  return Lifeline(std::make_unique<Watch>(connect_to(address)));
}

bool Lifeline::has_launcher() const {
  return watch_->has_launcher();
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

void Lifeline::await_turn() {
  watch_->await_turn();
}

void Lifeline::set_phase(const char* literal) noexcept {
  watch_->set_phase(literal);
}

void Lifeline::set_tick(std::uint64_t tick) noexcept {
  watch_->set_tick(tick);
}

void Lifeline::goodbye(int code, std::string_view text) noexcept {
  watch_->goodbye({code, std::string(text)});
}

} // namespace lockstep::link
