#include "soak/records.h"

#include <bit>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace lockstep::testing {

namespace {

std::string name_of(sched::FinishReason reason) {
  switch (reason) {
    case sched::FinishReason::stop:
      return "stop";
    case sched::FinishReason::length:
      return "length";
    case sched::FinishReason::cancelled:
      break;
  }
  return "cancelled";
}

std::string text_of(const sched::TokenLogprob& entry) {
  return fmt::format(
      "{}:{:08x}", entry.token, std::bit_cast<std::uint32_t>(entry.logprob));
}

} // namespace

void Records::book(const sched::TokenEvent& event) {
  auto& record = records_[event.id];
  if (event.finish) {
    record.finish = name_of(*event.finish);
    ++n_ended_;
  }
  if (event.finish == sched::FinishReason::cancelled) {
    return; // it brings no token
  }
  record.n_reused = event.n_reused;
  record.tokens +=
      fmt::format(" {}={}", event.index, text_of(event.sampled.chosen));
  for (const auto& entry : event.sampled.top) {
    record.tokens += "," + text_of(entry);
  }
}

void Records::write(const std::filesystem::path& file) const {
  std::ofstream out(file);
  for (const auto& [id, record] : records_) {
    out << id << ' ' << record.finish << ' ' << record.n_reused << record.tokens
        << '\n';
  }
  if (!out.flush()) {
    throw std::runtime_error("cannot write " + file.string());
  }
}

TickFile::TickFile(const std::filesystem::path& file, int rank)
    : file_(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644)),
      rank_(rank) {
  if (!file_) {
    throw std::runtime_error("cannot open " + file.string());
  }
}

void TickFile::note(std::uint64_t tick) {
  const std::uint64_t number = tick + 1;
  const auto place = static_cast<off_t>(sizeof number) * rank_;
  if (::pwrite(file_.get(), &number, sizeof number, place) !=
      static_cast<ssize_t>(sizeof number)) {
    throw std::runtime_error("cannot write the tick of a rank");
  }
}

} // namespace lockstep::testing
