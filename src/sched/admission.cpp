#include "sched/admission.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

#include "base/error.h"
#include "sched/prefix_tree.h"

namespace lockstep::sched {

namespace {

/// Sequences that may end between a promise and the tick it is for, without
/// anyone having known.
constexpr int kSurprises = 2;

/// A beginning that another prompt will have computed soon is waited for when
/// it is so much longer than what there is.
constexpr int kWorthWaiting = 16; // tokens

int places_of(const Request& request) {
  return static_cast<int>(request.prompt.size()) + request.max_tokens;
}

/// How the header says that a slot was found so for a request.
std::vector<SlotOp> ops_of(const Opening& opening, const Request& request) {
  std::vector<SlotOp> ops;
  for (const int slot : opening.closed) {
    if (slot != opening.slot) { // opening closes
      auto& op = ops.emplace_back();
      op.kind = SlotOp::Kind::close;
      op.slot = slot;
    }
  }
  auto& op = ops.emplace_back();
  op.slot = opening.slot;
  op.capacity = places_of(request);
  op.from = opening.from;
  op.n_from = opening.n_from;
  op.sampling = request.sampling;
  return ops;
}

} // namespace

Admission::Admission(const SlotOptions& slots, const WaitingOptions& waiting)
    : options_(slots), slots_(slots), waiting_(waiting) {
}

void Admission::add(Request request) {
  if (!slots_.can_ever_hold(places_of(request))) {
    fail(
        ErrorKind::request,
        "a prompt of {} tokens and an answer of up to {} need more than the {} "
        "places that there is memory for; shorten the prompt or lower "
        "--max-tokens",
        request.prompt.size(),
        request.max_tokens,
        options_.places);
  }
  waiting_.add(std::move(request));
}

bool Admission::remove(RequestId id) {
  return waiting_.remove(id);
}

/// Whether a prompt that still enters will have more in common with this one
/// than any slot holds now.
bool Admission::is_worth_waiting(
    std::span<const Token> beginning,
    const std::vector<Sequence>& running) const {
  const int least = slots_.n_held_of(beginning) + kWorthWaiting;
  return std::any_of(running.begin(), running.end(), [&](const auto& other) {
    return other.prompt_left() > 0 &&
           static_cast<int>(n_common(other.request.prompt, beginning)) >= least;
  });
}

/// The request that has waited longest, as a sequence.
Sequence Admission::begin(const Opening& opening) {
  Sequence sequence;
  sequence.serial = next_serial_++;
  sequence.request = waiting_.take_first();
  sequence.slot = opening.slot;
  sequence.n_entered = opening.n_from;
  sequence.n_reused = opening.n_from;
  ++reuse_.requests;
  reuse_.hits += opening.n_from > 0 ? 1 : 0;
  reuse_.prompt_tokens +=
      static_cast<std::int64_t>(sequence.request.prompt.size());
  reuse_.reused_tokens += opening.n_from;
  return sequence;
}

void Admission::admit(
    int n_words, std::vector<Sequence>& running, std::vector<SlotOp>& ops) {
  while (!waiting_.empty()) {
    const auto& request = waiting_.at(0);
    const auto beginning = reusable(request);
    const auto opening = slots_.find(beginning, places_of(request));
    if (!opening || is_worth_waiting(beginning, running)) {
      return;
    }
    auto own = ops_of(*opening, request);
    for (const auto& op : own) {
      n_words -= words_of(op);
    }
    // An opening that nobody knew of waits a tick.
    if (n_words < 0) {
      return;
    }
    std::move(own.begin(), own.end(), std::back_inserter(ops));
    slots_.open(*opening, beginning);
    running.push_back(begin(*opening));
  }
}

Openings Admission::next(int n_ending) const {
  Openings openings;
  openings.n_requests = std::min(
      {waiting_.size(),
       options_.most_running - slots_.n_running() + n_ending + kSurprises,
       options_.most_running});
  if (openings.n_requests > 0) {
    openings.words = options_.n_slots * kCloseWords;
  }
  for (int i = 0; i < openings.n_requests; ++i) {
    const auto& request = waiting_.at(i);
    openings.words += open_words(request.sampling);
    openings.prompt_tokens += static_cast<std::int64_t>(request.prompt.size());
  }
  return openings;
}

} // namespace lockstep::sched
