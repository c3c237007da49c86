#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include <doctest/doctest.h>

#include "sched/scheduler.h"

namespace lockstep::testing {

inline constexpr int kContext = 200;
inline constexpr int kVocab = 1000;

/// Stands for the ranks: follows headers as they do, keeps what each slot
/// holds, and answers each wanted place with a token that depends on all that
/// stands before it, so that a wrong order, a shared slot or a lost token shows.
class FakeWorld {
 public:
  /// Microseconds that a stage takes for a load.
  using Cost = std::function<int(int stage, const sched::Load& load)>;

  explicit FakeWorld(const sched::SchedulerOptions& options, Cost cost = {})
      : scheduler(options),
        options_(options),
        cost_(std::move(cost)),
        slots_(static_cast<std::size_t>(options.slots.n_slots)),
        under_way_(static_cast<std::size_t>(options.n_stages)) {}

  std::vector<sched::TokenEvent> tick() {
    const auto header = scheduler.next();
    REQUIRE(header.tick == n_ticks++);
    REQUIRE(header_words(header) <= room_.words);
    REQUIRE(header.entering.n_tokens() <= room_.tokens);
    room_ = header.next;
    std::vector<std::int32_t> words(
        static_cast<std::size_t>(header_words(header)));
    encode(header, words);
    const int n_slots = options_.slots.n_slots;
    REQUIRE(
        sched::decode(
            words, {n_slots, kContext, kVocab, options_.chunk + n_slots}) ==
        header);
    under_way_.push_front(header);
    under_way_.pop_back();
    const auto compute = take_time();
    return scheduler.apply(run_last_stage(under_way_.back()), compute);
  }

  static Token answer_to(const std::vector<Token>& before) {
    std::uint32_t hash = 17;
    for (const auto token : before) {
      hash = hash * 31 + static_cast<std::uint32_t>(token);
    }
    return static_cast<Token>(hash % kVocab);
  }

  sched::Scheduler scheduler;
  std::uint64_t n_ticks = 0;
  std::int64_t n_reused = 0; // places that slots began with
  std::int64_t now_us = 0;   // the ticks' slowest stages, added up
  std::int64_t busy_us = 0;  // all stages' work, added up

 private:
  std::vector<int> take_time() {
    if (!cost_) {
      return {};
    }
    std::vector<int> times;
    for (int stage = 0; stage < options_.n_stages; ++stage) {
      const auto& batch = under_way_[static_cast<std::size_t>(stage)].entering;
      times.push_back(batch.empty() ? 0 : cost_(stage, sched::load_of(batch)));
      busy_us += times.back();
    }
    now_us += *std::max_element(times.begin(), times.end());
    return times;
  }

  std::vector<sched::Sampled> run_last_stage(const sched::Header& header) {
    for (const auto& op : header.slot_ops) {
      auto& slot = slots_[static_cast<std::size_t>(op.slot)];
      if (op.kind == sched::SlotOp::Kind::open) {
        slot = opened(op);
        n_reused += op.n_from;
      } else {
        slot = {};
      }
    }
    std::vector<sched::Sampled> results;
    std::size_t at = 0;
    for (const auto& row : header.entering.rows) {
      auto& slot = slots_[static_cast<std::size_t>(row.slot)];
      REQUIRE(static_cast<int>(slot.tokens.size()) == row.offset);
      REQUIRE(row.offset + row.n_tokens <= slot.capacity);
      for (int i = 0; i < row.n_tokens; ++i) {
        slot.tokens.push_back(header.entering.tokens[at++]);
        const bool wanted = i >= row.n_tokens - row.n_wanted;
        if (wanted && row.scored) {
          const bool last = i + 1 == row.n_tokens;
          results.push_back(
              {{last ? row.next : header.entering.tokens[at], -1.0F}, {}});
        } else if (wanted) {
          results.push_back({{answer_to(slot.tokens), -1.0F}, {}});
        }
      }
      while (slot.pages.size() * page() < slot.tokens.size()) {
        slot.pages.push_back(std::make_shared<int>());
      }
    }
    check_pages();
    return results;
  }

  /// Pages are shared as the ranks' caches share them.
  struct Slot {
    int capacity = 0;
    std::vector<Token> tokens;
    std::vector<std::shared_ptr<int>> pages;
  };

  std::size_t page() const {
    return static_cast<std::size_t>(options_.slots.page);
  }

  Slot opened(const sched::SlotOp& op) const {
    Slot slot;
    slot.capacity = op.capacity;
    if (op.from >= 0) {
      const auto& from = slots_[static_cast<std::size_t>(op.from)];
      const auto n = static_cast<std::size_t>(op.n_from);
      REQUIRE(n <= from.tokens.size());
      slot.tokens.assign(from.tokens.begin(), from.tokens.begin() + op.n_from);
      for (std::size_t i = 0; i * page() < n; ++i) {
        const bool full = (i + 1) * page() <= n;
        const bool own = op.from == op.slot && from.pages[i].use_count() == 1;
        const bool shared =
            full && (options_.slots.shares_pages || op.from == op.slot);
        slot.pages.push_back(
            shared || own ? from.pages[i] : std::make_shared<int>());
      }
    }
    return slot;
  }

  void check_pages() const {
    std::set<const int*> pages;
    for (const auto& slot : slots_) {
      for (const auto& each : slot.pages) {
        pages.insert(each.get());
      }
    }
    REQUIRE(
        static_cast<std::int64_t>(pages.size() * page()) <=
        options_.slots.places);
  }

  sched::SchedulerOptions options_;
  Cost cost_;
  std::vector<Slot> slots_;
  std::deque<sched::Header> under_way_;
  sched::Room room_ = sched::kFirstRoom;
};

inline std::vector<Token> random_prompt(std::mt19937& random, int length) {
  std::vector<Token> prompt;
  prompt.reserve(static_cast<std::size_t>(length));
  for (int i = 0; i < length; ++i) {
    prompt.push_back(static_cast<Token>(random() % kVocab));
  }
  return prompt;
}

inline std::vector<Token> expected_answer(const sched::Request& request) {
  auto text = request.prompt;
  std::vector<Token> answer;
  while (static_cast<int>(answer.size()) < request.max_tokens) {
    answer.push_back(FakeWorld::answer_to(text));
    text.push_back(answer.back());
    if (!request.sampling.stop_tokens.empty() &&
        answer.back() == request.sampling.stop_tokens[0]) {
      break;
    }
  }
  return answer;
}

} // namespace lockstep::testing
