#include "sched/scheduler.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "base/error.h"

namespace lockstep::sched {

namespace {

bool yields_token(const Row& row) {
  return !row.scored && row.n_wanted > 0;
}

} // namespace

Scheduler::Scheduler(const SchedulerOptions& options)
    : options_(options),
      admission_(options.slots, options.waiting),
      times_(options.n_stages, options.slots.most_running),
      n_parts_(options.n_stages),
      under_way_(static_cast<std::size_t>(options.n_stages)) {
}

void Scheduler::add(Request request) {
  check(request, options_.context, options_.vocab);
  admission_.add(std::move(request));
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
  if (admission_.remove(id)) {
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
  admission_.end(sequence->slot);
  running_.erase(sequence);
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
    admission_.enter(sequence->slot, std::span(&*sequence->ready, 1));
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
    admission_.enter(sequence.slot, {from, from + n});
    flight.serials.push_back(sequence.serial);
    sequence.n_entered += n;
    left -= n;
  }
}

/// What may enter at the next tick, as far as it can be known now: results of
/// the batch that leaves come with this tick's exchange.
Room Scheduler::room_for_next() {
  int n_tokens = 0;
  int n_ending = 0;
  for (const auto& sequence : running_) {
    n_tokens += sequence.ready ? 1 : 0;
  }
  for (const auto& row : leaving().rows) {
    n_tokens += yields_token(row) ? 1 : 0;
    n_ending += row.n_wanted > 0 ? 1 : 0; // perhaps
  }
  n_tokens = std::min(n_tokens, options_.slots.most_running);

  const auto openings = admission_.next(n_ending);
  int n_prompts = openings.n_requests;
  std::int64_t prompt = openings.prompt_tokens;
  for (const auto& sequence : running_) {
    n_prompts += sequence.prompt_left() > 0 ? 1 : 0;
    prompt += sequence.prompt_left();
  }
  const int tokens = n_tokens + static_cast<int>(std::min<std::int64_t>(
                                    prompt, most_prompt_tokens()));
  const int n_rows =
      std::min({n_tokens + n_prompts, tokens, options_.slots.most_running});
  slot_op_room_ = openings.words;
  return {header_words(n_rows, tokens, openings.words), tokens};
}

Header Scheduler::next() {
  Header header;
  Flight flight;
  header.tick = tick_;
  admission_.admit(slot_op_room_, running_, header.slot_ops);
  enter_tokens(header, flight);
  enter_prompts(header, flight);
  header.end = ending_;
  ++tick_;
  flight.batch = header.entering;
  under_way_.push_front(std::move(flight));
  under_way_.pop_back();
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
