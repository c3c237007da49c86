#include "sched/scheduler.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/error.h"

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

bool yields_token(const Row& row) {
  return !row.scored && row.n_wanted > 0;
}

} // namespace

Scheduler::Scheduler(const SchedulerOptions& options)
    : options_(options),
      slots_(options.slots),
      times_(options.n_stages, options.slots.most_running),
      waiting_(options.waiting),
      n_parts_(options.n_stages),
      under_way_(static_cast<std::size_t>(options.n_stages)) {
}

void Scheduler::add(Request request) {
  check(request, options_.context, options_.vocab);
  if (!slots_.can_ever_hold(places_of(request))) {
    fail(
        ErrorKind::request,
        "a prompt of {} tokens and an answer of up to {} need more than the {} "
        "places that there is memory for; shorten the prompt or lower "
        "--max-tokens",
        request.prompt.size(),
        request.max_tokens,
        options_.slots.places);
  }
  waiting_.add(std::move(request));
}

void Scheduler::cancel(RequestId id) {
  const auto running = std::find_if(
      running_.begin(), running_.end(), [id](const auto& sequence) {
        return sequence.request.id == id;
      });
  if (running != running_.end()) {
    cancelled_.push_back({id, running->n_sampled, {}, FinishReason::cancelled});
    end(running);
    return;
  }
  if (waiting_.remove(id)) {
    cancelled_.push_back({id, 0, {}, FinishReason::cancelled});
  }
}

std::vector<Sequence>::iterator Scheduler::find(std::uint64_t serial) {
  return std::find_if(
      running_.begin(), running_.end(), [serial](const auto& sequence) {
        return sequence.serial == serial;
      });
}

void Scheduler::end(std::vector<Sequence>::iterator sequence) {
  slots_.end(sequence->slot);
  running_.erase(sequence);
}

/// Whether a slot operation of so many words more has room. An opening that
/// nobody knew of must wait a tick: rows were promised the other words.
bool Scheduler::op_fits(const Header& header, int n_words) const {
  return slot_op_words(header) + n_words <= slot_op_room_;
}

/// Whether a prompt that still enters will have more in common with this one
/// than any slot holds now.
bool Scheduler::is_worth_waiting(std::span<const Token> beginning) const {
  const int held = slots_.n_held_of(beginning);
  return std::any_of(running_.begin(), running_.end(), [&](const auto& other) {
    const auto& prompt = other.request.prompt;
    const auto n =
        static_cast<std::ptrdiff_t>(std::min(prompt.size(), beginning.size()));
    const auto common =
        std::mismatch(prompt.begin(), prompt.begin() + n, beginning.begin())
            .first -
        prompt.begin();
    return other.prompt_left() > 0 && common >= held + kWorthWaiting;
  });
}

/// Says in the header how a slot was found for the request; false where that
/// has no room.
bool Scheduler::open_slot(
    const Request& request, const Opening& opening, Header& header) {
  auto closed = opening.closed;
  std::erase(closed, opening.slot); // opening closes
  const int n_words = open_words(request.sampling) +
                      kCloseWords * static_cast<int>(closed.size());
  if (!op_fits(header, n_words)) {
    return false;
  }
  for (const int slot : closed) {
    SlotOp op;
    op.kind = SlotOp::Kind::close;
    op.slot = slot;
    header.slot_ops.push_back(std::move(op));
  }
  SlotOp op;
  op.slot = opening.slot;
  op.capacity = places_of(request);
  op.from = opening.from;
  op.n_from = opening.n_from;
  op.sampling = request.sampling;
  header.slot_ops.push_back(std::move(op));
  return true;
}

void Scheduler::admit(Header& header) {
  while (!waiting_.empty()) {
    const auto& request = waiting_.at(0);
    const auto beginning = reusable(request);
    const auto opening = slots_.find(beginning, places_of(request));
    if (!opening || is_worth_waiting(beginning) ||
        !open_slot(request, *opening, header)) {
      return;
    }
    slots_.open(*opening, beginning);
    Sequence sequence;
    sequence.serial = next_serial_++;
    sequence.slot = opening->slot;
    sequence.n_entered = opening->n_from;
    sequence.n_reused = opening->n_from;
    reuse_.prompt_tokens += static_cast<std::int64_t>(request.prompt.size());
    reuse_.reused_tokens += opening->n_from;
    ++reuse_.requests;
    reuse_.hits += opening->n_from > 0 ? 1 : 0;
    sequence.request = waiting_.take_first();
    running_.push_back(std::move(sequence));
  }
}

int Scheduler::n_decoding() const {
  return static_cast<int>(
      std::count_if(running_.begin(), running_.end(), [](const auto& sequence) {
        return sequence.decodes();
      }));
}

int Scheduler::part_size() const {
  return (n_decoding() + n_parts_ - 1) / n_parts_;
}

/// Of one tick.
int Scheduler::most_prompt_tokens() const {
  const int beside = part_size();
  const auto first =
      std::find_if(running_.begin(), running_.end(), [](const auto& sequence) {
        return sequence.prompt_left() > 0;
      });
  const int offset = first == running_.end() ? 0 : first->n_entered;
  return beside == 0
             ? options_.chunk
             : choose_prompt_tokens(
                   times_, beside, offset, options_.stretch, options_.chunk);
}

void Scheduler::enter_tokens(Header& header, Flight& flight) {
  std::vector<Sequence*> ready;
  for (auto& sequence : running_) {
    if (sequence.ready) {
      ready.push_back(&sequence);
    }
  }
  // Who has waited longest goes first.
  std::stable_sort(ready.begin(), ready.end(), [](auto* a, auto* b) {
    return a->ready_since < b->ready_since;
  });
  const auto phase =
      static_cast<int>(tick_ % static_cast<std::uint64_t>(options_.n_stages));
  const int most = phase < n_parts_ ? part_size() : 0;
  ready.resize(std::min(ready.size(), static_cast<std::size_t>(most)));
  for (auto* sequence : ready) {
    if (token_room(header) < 1) {
      return;
    }
    header.entering.rows.push_back(sequence->token_row());
    header.entering.tokens.push_back(*sequence->ready);
    flight.serials.push_back(sequence->serial);
    slots_.enter(sequence->slot, std::span(&*sequence->ready, 1));
    sequence->ready.reset();
    ++sequence->n_entered;
  }
}

/// Tokens that may be added to the header as one row more.
int Scheduler::token_room(const Header& header) const {
  return std::min(
      room_.tokens - header.entering.n_tokens(),
      room_.words - header_words(header) - kRowWords);
}

void Scheduler::enter_prompts(Header& header, Flight& flight) {
  int left = most_prompt_tokens();
  for (auto& sequence : running_) {
    const int n = std::min({sequence.prompt_left(), left, token_room(header)});
    if (n <= 0) {
      continue;
    }
    const auto from = sequence.request.prompt.begin() + sequence.n_entered;
    auto& tokens = header.entering.tokens;
    header.entering.rows.push_back(sequence.prompt_row(n));
    tokens.insert(tokens.end(), from, from + n);
    slots_.enter(sequence.slot, {from, from + n});
    flight.serials.push_back(sequence.serial);
    sequence.n_entered += n;
    left -= n;
  }
}

/// At the next tick.
int Scheduler::most_openings() const {
  int n = options_.slots.most_running - slots_.n_running() + kSurprises;
  for (const auto& row : leaving().rows) {
    n += row.n_wanted > 0 ? 1 : 0; // its sequence may end
  }
  return std::min({waiting_.size(), n, options_.slots.most_running});
}

/// Words of the next tick's slot operations, at most.
int Scheduler::slot_op_room() const {
  const int n_openings = most_openings();
  int n_words = n_openings > 0 ? options_.slots.n_slots * kCloseWords : 0;
  for (int i = 0; i < n_openings; ++i) {
    n_words += open_words(waiting_.at(i).sampling);
  }
  return n_words;
}

/// What may enter at the next tick, as far as it can be known now: results of
/// the batch that leaves come with this tick's exchange.
Room Scheduler::room_for_next() const {
  int n_tokens = 0;
  for (const auto& sequence : running_) {
    n_tokens += sequence.ready ? 1 : 0;
  }
  for (const auto& row : leaving().rows) {
    n_tokens += yields_token(row) ? 1 : 0;
  }
  n_tokens = std::min(n_tokens, options_.slots.most_running);

  const int most_prompt = most_prompt_tokens();
  int n_prompts = 0;
  std::int64_t prompt = 0;
  for (const auto& sequence : running_) {
    n_prompts += sequence.prompt_left() > 0 ? 1 : 0;
    prompt += sequence.prompt_left();
  }
  const int n_opening = most_openings();
  for (int i = 0; i < n_opening && prompt < most_prompt; ++i) {
    ++n_prompts;
    prompt += static_cast<std::int64_t>(waiting_.at(i).prompt.size());
  }
  const int tokens =
      n_tokens + static_cast<int>(std::min<std::int64_t>(prompt, most_prompt));
  const int n_rows =
      std::min({n_tokens + n_prompts, tokens, options_.slots.most_running});
  return {header_words(n_rows, tokens, slot_op_room_), tokens};
}

Header Scheduler::next() {
  Header header;
  Flight flight;
  header.tick = tick_;
  admit(header);
  enter_tokens(header, flight);
  enter_prompts(header, flight);
  header.end = ending_;
  ++tick_;
  flight.batch = header.entering;
  under_way_.push_front(std::move(flight));
  under_way_.pop_back();
  slot_op_room_ = slot_op_room();
  header.next = room_for_next();
  room_ = header.next;
  return header;
}

double Scheduler::prompt_share() const {
  if (running_.empty() || running_.front().n_input() == 0) {
    return 0.0;
  }
  const auto& oldest = running_.front();
  return std::min(
      1.0, static_cast<double>(oldest.n_entered) / oldest.n_input());
}

std::vector<TokenEvent> Scheduler::apply(
    std::span<const Sampled> results, std::span<const int> compute_us) {
  for (std::size_t stage = 0; stage < compute_us.size(); ++stage) {
    times_.record(
        static_cast<int>(stage),
        load_of(under_way_[stage].batch),
        compute_us[stage]);
  }
  std::vector<TokenEvent> events = std::move(cancelled_);
  cancelled_.clear();
  const auto& flight = under_way_.back();
  for (std::size_t i = 0; i < flight.batch.rows.size(); ++i) {
    const auto& row = flight.batch.rows[i];
    const auto own = results.first(static_cast<std::size_t>(row.n_wanted));
    results = results.subspan(own.size());
    const auto sequence = find(flight.serials[i]);
    // A cancelled one leaves rows under way.
    if (sequence == running_.end() || own.empty()) {
      continue;
    }
    if (book(*sequence, row, own, tick_, events)) {
      end(sequence);
    }
  }
  constexpr std::uint64_t kOften = 64; // ticks
  if (const int n = n_decoding(); n != n_parted_ || tick_ % kOften == 0) {
    n_parts_ = choose_parts(times_, n);
    n_parted_ = n;
  }
  return events;
}

} // namespace lockstep::sched
