#include "launch/host_push.h"

#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "launch/local.h"

namespace lockstep::launch {

namespace {

using Program = PlaceFacts::Program;

} // namespace

HostPush::HostPush(
    const HostCargo& cargo,
    const ProgramCargo& program,
    const PushOptions& options,
    const PlaceFacts& facts,
    const sigset_t& mask,
    PushState& state)
    : cargo_(cargo),
      program_(program),
      options_(options),
      mask_(mask),
      state_(state),
      start_(std::chrono::steady_clock::now()) {
  try {
    choose(facts);
  } catch (const Error& error) {
    end(fmt::format("{}: {}", state_.host, error.what()));
  }
}

void HostPush::choose(const PlaceFacts& facts) {
  const bool is_alike = facts.system == push::system_name();
  if (!is_alike && facts.program == Program::none) {
    fail(
        ErrorKind::network,
        "is {}, this machine is {}, so its program does not run there; build "
        "lockstep there as {}/bin/lockstep{}",
        facts.system,
        push::system_name(),
        place_on(cargo_.host),
        cargo_.host.dir.empty() ? fmt::format(" or {}", self_path().string())
                                : "");
  }
  if (!is_alike || facts.program == Program::own) {
    state_.remark = "has a lockstep of its own";
    start_model();
    return;
  }
  if (facts.program == Program::pushed &&
      facts.checksums == program_.checksums) {
    start_model();
    return;
  }
  if (!options_.sending.dry_run) {
    start_program();
    return;
  }
  state_.program_total = push::TarStream(program_.files).total();
  state_.program_sent = state_.program_total;
  if (facts.program != Program::none) {
    start_model(); // with the one that is there
    return;
  }
  for (const auto& file : cargo_.cargo.files) {
    state_.total += bytes_of(file.needed);
  }
  state_.sent = state_.total;
  end("");
}

void HostPush::start_program() {
  archive_.emplace(program_.files);
  state_.program_total = archive_->total();
  stream_.emplace(
      cargo_.host.ssh,
      std::vector<std::string>{"sh", "-c", install_script(cargo_.host)},
      mask_);
}

void HostPush::start_model() {
  sender_.emplace(cargo_.cargo, options_.sending);
  state_.total = sender_->total();
  const auto script =
      fmt::format("exec {} receive \"$1\"", program_on(cargo_.host));
  stream_.emplace(
      cargo_.host.ssh,
      std::vector<std::string>{
          "sh", "-c", script, "lockstep", place_on(cargo_.host)},
      mask_);
}

void HostPush::add_to(std::vector<pollfd>& waiting) const {
  stream_->add_to(waiting, at_ < bytes_.size());
}

bool HostPush::can_go_on() const {
  return !is_blocked_ &&
         (at_ < bytes_.size() || (archive_ && !archive_has_ended_) ||
          (sender_ && sender_->can_go_on()));
}

std::string HostPush::next() {
  if (sender_) {
    return sender_->next();
  }
  auto bytes = archive_has_ended_ ? std::string() : archive_->next();
  if (bytes.empty()) {
    archive_has_ended_ = true;
    stream_->close_input();
  }
  state_.program_sent += bytes.size();
  return bytes;
}

void HostPush::write_some() {
  constexpr int kMostMessages = 8; // then it is the others' turn
  for (int i = 0; i < kMostMessages; ++i) {
    if (at_ == bytes_.size()) {
      bytes_ = next();
      at_ = 0;
    }
    at_ += stream_->write(std::string_view(bytes_).substr(at_));
    is_blocked_ = at_ < bytes_.size();
    if (is_blocked_ || !can_go_on()) {
      return;
    }
  }
}

void HostPush::go_on() {
  try {
    const bool has_ended = stream_->has_ended(); // before its last words
    std::string came;
    do {
      came = stream_->read();
      if (sender_) {
        sender_->feed(came);
      }
    } while (has_ended && !came.empty());
    if (!has_ended) {
      write_some();
    }
    if (sender_) {
      state_.sent = sender_->sent();
      state_.present = sender_->present();
    }
    state_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_)
            .count();
    if (sender_ && sender_->is_done()) {
      end("");
    } else if (has_ended) {
      look_for_end();
    }
  } catch (const Error& error) {
    end(fmt::format("{}: {}", state_.host, error.what()));
  }
}

void HostPush::look_for_end() {
  const auto result = stream_->result();
  if (sender_ || !result.is_good()) {
    end(remote_failure(result));
    return;
  }
  stream_.reset();
  archive_.reset();
  bytes_.clear();
  at_ = 0;
  is_blocked_ = false;
  start_model();
}

void HostPush::end(const std::string& failure) {
  state_.failure = failure;
  state_.is_over = true;
  stream_.reset();
  sender_.reset();
}

} // namespace lockstep::launch
