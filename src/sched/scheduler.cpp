#include "sched/scheduler.h"

#include <algorithm>

#include "base/error.h"

namespace lockstep::sched {

namespace {

constexpr int kSlot = 0;

bool stops(const Request& request, Token token) {
  return std::find(
             request.stop_tokens.begin(), request.stop_tokens.end(), token) !=
         request.stop_tokens.end();
}

} // namespace

Scheduler::Scheduler(const SchedulerOptions& options)
    : options_(options),
      under_way_(static_cast<std::size_t>(options.n_stages)) {
}

void Scheduler::add(Request request) {
  check(request, options_.context);
  queue_.push_back(std::move(request));
}

void Scheduler::cancel(RequestId id) {
  if (running_ && running_->request.id == id) {
    running_->cancelled = true;
    return;
  }
  const auto found = std::find_if(
      queue_.begin(), queue_.end(), [id](const auto& r) { return r.id == id; });
  if (found != queue_.end()) {
    queue_.erase(found);
    cancelled_in_queue_.push_back(id);
  }
}

int Scheduler::n_input() const {
  const auto length = static_cast<int>(running_->request.prompt.size());
  // The last token of a scored text predicts nothing that could be scored.
  return running_->request.score_from ? length - 1 : length;
}

bool Scheduler::prompt_remains() const {
  return running_ && running_->n_entered < n_input();
}

Row Scheduler::prompt_row(int n_tokens) const {
  const auto& request = running_->request;
  Row row;
  row.slot = kSlot;
  row.offset = running_->n_entered;
  row.n_tokens = n_tokens;
  row.n_top = request.n_top;
  const int end = row.offset + n_tokens;
  if (request.score_from) {
    row.scored = true;
    row.n_wanted = std::clamp(end + 1 - *request.score_from, 0, n_tokens);
    row.next = request.prompt[static_cast<std::size_t>(end)];
  } else if (end == n_input() && request.max_tokens > 0) {
    row.n_wanted = 1;
  }
  return row;
}

void Scheduler::enter_rows(Header& header) {
  auto& sequence = *running_;
  if (prompt_remains()) {
    const int n = std::min(
        {n_input() - sequence.n_entered, options_.chunk, room_.tokens});
    if (n == 0) {
      return;
    }
    const auto from = sequence.request.prompt.begin() + sequence.n_entered;
    header.entering.tokens.assign(from, from + n);
    header.entering.rows.push_back(prompt_row(n));
    sequence.n_entered += n;
  } else if (sequence.ready && room_.tokens > 0) {
    Row row;
    row.slot = kSlot;
    row.offset = sequence.n_entered;
    row.n_tokens = 1;
    row.n_wanted = 1;
    row.n_top = sequence.request.n_top;
    row.index = sequence.n_sampled;
    header.entering.rows.push_back(row);
    header.entering.tokens.push_back(*sequence.ready);
    sequence.ready.reset();
    ++sequence.n_entered;
  }
}

Room Scheduler::room_for_next() const {
  int tokens = 0;
  if (prompt_remains()) {
    tokens = std::min(n_input() - running_->n_entered, options_.chunk);
  } else if ((running_ && running_->ready) || !under_way_.back().empty()) {
    // The result of what leaves comes with this tick's exchange, and may enter
    // at the next.
    tokens = 1;
  }
  return {header_words(1, tokens, 2), tokens};
}

Header Scheduler::next() {
  Header header;
  header.tick = tick_++;
  if (close_slot_) {
    SlotOp op;
    op.kind = SlotOp::Kind::close;
    op.slot = kSlot;
    header.slot_ops.push_back(op);
    close_slot_ = false;
  }
  if (!running_ && !queue_.empty()) {
    running_.emplace();
    running_->request = std::move(queue_.front());
    queue_.pop_front();
  }
  if (running_ && !running_->cancelled) {
    if (!running_->open) {
      const auto& request = running_->request;
      SlotOp op;
      op.slot = kSlot;
      op.capacity =
          static_cast<int>(request.prompt.size()) + request.max_tokens;
      op.request = request.id;
      op.sampling = request.sampling;
      header.slot_ops.push_back(op);
      running_->open = true;
    }
    enter_rows(header);
  }
  header.end = ending_;
  under_way_.push_front(header.entering);
  under_way_.pop_back();
  header.next = room_for_next();
  room_ = header.next;
  return header;
}

double Scheduler::prompt_share() const {
  return !running_ || n_input() == 0
             ? 0.0
             : std::min(
                   1.0, static_cast<double>(running_->n_entered) / n_input());
}

const Batch& Scheduler::leaving() const {
  return under_way_.back();
}

void Scheduler::book_scores(
    const Row& row,
    std::span<const Sampled> results,
    std::vector<TokenEvent>& events) {
  const int first = row.offset + row.n_tokens - row.n_wanted + 1;
  for (std::size_t i = 0; i < results.size(); ++i) {
    events.push_back(
        {running_->request.id,
         first + static_cast<int>(i),
         results[i],
         std::nullopt});
  }
  if (row.offset + row.n_tokens == n_input()) {
    events.back().finish = FinishReason::length;
    end_sequence();
  }
}

void Scheduler::book_token(
    const Sampled& result, std::vector<TokenEvent>& events) {
  auto& sequence = *running_;
  TokenEvent event{
      sequence.request.id, sequence.n_sampled, result, std::nullopt};
  ++sequence.n_sampled;
  sequence.ready = result.chosen.token;
  if (stops(sequence.request, result.chosen.token)) {
    event.finish = FinishReason::stop;
  } else if (sequence.n_sampled == sequence.request.max_tokens) {
    event.finish = FinishReason::length;
  }
  events.push_back(event);
  if (event.finish) {
    end_sequence();
  }
}

void Scheduler::end_sequence() {
  running_.reset();
  close_slot_ = true;
}

std::vector<TokenEvent> Scheduler::apply(std::span<const Sampled> results) {
  std::vector<TokenEvent> events;
  events.reserve(cancelled_in_queue_.size() + results.size());
  for (const auto id : cancelled_in_queue_) {
    events.push_back({id, 0, {}, FinishReason::cancelled});
  }
  cancelled_in_queue_.clear();
  const auto& batch = leaving();
  if (running_ && !batch.empty() && !results.empty() && !running_->cancelled) {
    const auto& row = batch.rows.front();
    if (row.scored) {
      book_scores(row, results, events);
    } else {
      book_token(results.front(), events);
    }
  }
  if (running_ && running_->cancelled) {
    const bool drained = std::all_of(
        under_way_.begin(), std::prev(under_way_.end()), [](const auto& b) {
          return b.empty();
        });
    if (drained) {
      events.push_back(
          {running_->request.id,
           running_->n_sampled,
           {},
           FinishReason::cancelled});
      const bool was_open = running_->open;
      end_sequence();
      close_slot_ = was_open;
    }
  }
  return events;
}

} // namespace lockstep::sched
