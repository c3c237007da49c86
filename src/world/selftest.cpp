#include "world/selftest.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <utility>

#include "mlx/ops.h"
#include "mlx/transforms.h"
#include <fmt/format.h>

namespace lockstep::world {

namespace {

enum class Operation { sum, max, min, gather };

constexpr std::array kOperations{
    std::pair{Operation::sum, "all_sum"},
    std::pair{Operation::max, "all_max"},
    std::pair{Operation::min, "all_min"},
    std::pair{Operation::gather, "all_gather"}};

const std::vector<std::pair<mx::Dtype, const char*>>& types() {
  static const std::vector<std::pair<mx::Dtype, const char*>> all{
      {mx::float16, "f16"},
      {mx::bfloat16, "bf16"},
      {mx::float32, "f32"},
      {mx::int8, "i8"},
      {mx::uint8, "u8"},
      {mx::int32, "i32"},
      {mx::uint32, "u32"},
      {mx::int64, "i64"},
      {mx::uint64, "u64"}};
  return all;
}

constexpr std::array kLengths{1, 7, 1024, 65539};

/// Small whole numbers that every type holds exactly, also when 8 ranks add
/// them up; negative ones where the type allows.
int value_at(int rank, int i, bool is_signed) {
  const int value = (i * 7 + rank * 5 + i / 3) % 13;
  return is_signed ? value - 6 : value;
}

std::vector<float> expected_values(
    const Group& group, Operation op, int length, bool is_signed) {
  std::vector<float> values;
  for (int i = 0; i < length && op != Operation::gather; ++i) {
    int result = value_at(0, i, is_signed);
    for (int r = 1; r < group.size(); ++r) {
      const int other = value_at(r, i, is_signed);
      result = op == Operation::sum   ? result + other
               : op == Operation::max ? std::max(result, other)
                                      : std::min(result, other);
    }
    values.push_back(static_cast<float>(result));
  }
  for (int r = 0; r < group.size() && op == Operation::gather; ++r) {
    for (int i = 0; i < length; ++i) {
      values.push_back(static_cast<float>(value_at(r, i, is_signed)));
    }
  }
  return values;
}

mx::array run(const Group& group, Operation op, const mx::array& x) {
  switch (op) {
    case Operation::sum:
      return group.all_sum(Purpose::trial, x);
    case Operation::max:
      return group.all_max(Purpose::trial, x);
    case Operation::min:
      return group.all_min(Purpose::trial, x);
    case Operation::gather:
      return group.all_gather(Purpose::trial, x);
  }
  return x;
}

/// Whether all ranks saw it pass.
bool all_passed(const Group& group, bool passed) {
  const auto failures =
      group.all_sum(Purpose::trial, mx::array({passed ? 0 : 1}, mx::int32));
  return failures.data<std::int32_t>()[0] == 0;
}

bool is_right(const Group& group, Operation op, mx::Dtype type, int length) {
  const bool is_signed = !mx::issubdtype(type, mx::unsignedinteger);
  std::vector<float> own;
  own.reserve(static_cast<std::size_t>(length));
  for (int i = 0; i < length; ++i) {
    own.push_back(static_cast<float>(value_at(group.rank(), i, is_signed)));
  }
  auto x = mx::astype(mx::array(own.data(), {length}, mx::float32), type);
  mx::eval(x);
  auto result =
      mx::contiguous(mx::flatten(mx::astype(run(group, op, x), mx::float32)));
  mx::eval(result);
  const auto expected = expected_values(group, op, length, is_signed);
  return result.size() == expected.size() &&
         std::equal(expected.begin(), expected.end(), result.data<float>());
}

double microseconds_of(const Group& group, Operation op, const mx::array& x) {
  constexpr int kRepeats = 15;
  std::vector<double> times;
  for (int i = 0; i < kRepeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run(group, op, x);
    times.push_back(std::chrono::duration<double, std::micro>(
                        std::chrono::steady_clock::now() - start)
                        .count());
  }
  std::nth_element(times.begin(), times.begin() + kRepeats / 2, times.end());
  const auto slowest = group.all_max(
      Purpose::trial,
      mx::array({static_cast<float>(times[kRepeats / 2])}, mx::float32));
  return slowest.data<float>()[0];
}

std::int32_t word_at(std::uint64_t tick, int rank, int i) {
  return static_cast<std::int32_t>(
      tick * 2654435761U + static_cast<std::uint64_t>(rank) * 40503U +
      static_cast<std::uint64_t>(i) * 9176U);
}

std::vector<std::int32_t> words_of(std::uint64_t tick, int rank, int n) {
  std::vector<std::int32_t> words;
  words.reserve(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) {
    words.push_back(word_at(tick, rank, i));
  }
  return words;
}

constexpr int kHidden = 64;

/// Room for what `rank` hands on at a tick.
int rows_at(const Group& group, std::uint64_t tick, int rank) {
  if (rank < 0 || rank == group.size() - 1) {
    return 0;
  }
  // Now and then so many that a back end does not take them in one piece.
  const std::uint64_t scale = tick % 64 == 63 ? 400 : 1;
  return static_cast<int>(
      scale * ((tick * 5 + static_cast<std::uint64_t>(rank) * 3) % 7));
}

PacketSize size_at(const Group& group, std::uint64_t tick) {
  PacketSize size;
  size.header_words = 16 + static_cast<int>(tick * 37 % 97);
  size.result_words = static_cast<int>(tick * 11 % 23);
  for (int rank = 0; rank < group.size(); ++rank) {
    size.rows = std::max(size.rows, rows_at(group, tick, rank));
  }
  size.hidden = kHidden;
  return size;
}

/// The bits of hidden states, among them −0, NaN and the smallest numbers. In
/// every other tick they are fewer than there is room for.
std::vector<std::int32_t> hidden_at(
    const Group& group, std::uint64_t tick, int rank) {
  const int rows =
      std::max(0, rows_at(group, tick, rank) - static_cast<int>(tick % 2));
  auto words = words_of(tick, rank + 100, rows * kHidden);
  if (rows > 0) {
    words[0] = static_cast<std::int32_t>(0x80000000U);
    words[1] = static_cast<std::int32_t>(0xffc12345U);
    words[2] = 1;
  }
  return words;
}

bool hidden_is_right(
    const Group& group, const Inbox& inbox, std::uint64_t tick) {
  const int due = rows_at(group, tick, group.rank() - 1);
  if (due == 0) {
    return !inbox.hidden;
  }
  auto expected = hidden_at(group, tick, group.rank() - 1);
  expected.resize(
      static_cast<std::size_t>(due) * static_cast<std::size_t>(kHidden));
  auto same = mx::array_equal(
      mx::view(*inbox.hidden, mx::int32),
      mx::array(expected.data(), {due, kHidden}, mx::int32));
  mx::eval(same);
  return same.item<bool>();
}

bool tick_is_right(const Group& group, Exchange& exchange, std::uint64_t tick) {
  Outbox outbox;
  outbox.size = size_at(group, tick);
  outbox.seal = {7, tick, 0xabcdefU};
  outbox.rows_on = rows_at(group, tick, group.rank());
  outbox.rows_due = rows_at(group, tick, group.rank() - 1);
  if (group.is_first()) {
    outbox.header = words_of(tick, 0, outbox.size.header_words);
  }
  if (group.is_last()) {
    outbox.results = words_of(tick, 50, outbox.size.result_words);
  }
  if (const auto words = hidden_at(group, tick, group.rank()); !words.empty()) {
    const auto rows = static_cast<int>(words.size()) / kHidden;
    outbox.hidden = mx::view(
        mx::array(words.data(), {rows, kHidden}, mx::int32), mx::float32);
  }
  const auto inbox = exchange.swap(outbox);
  return inbox.header == words_of(tick, 0, outbox.size.header_words) &&
         inbox.results == words_of(tick, 50, outbox.size.result_words) &&
         hidden_is_right(group, inbox, tick);
}

} // namespace

std::vector<CheckResult> check_collectives(const Group& group) {
  std::vector<CheckResult> results;
  for (const auto& [op, op_name] : kOperations) {
    for (const auto& [type, type_name] : types()) {
      bool passed = true;
      for (const int length : kLengths) {
        passed = is_right(group, op, type, length) && passed;
      }
      results.push_back(
          {fmt::format("{} {}", op_name, type_name),
           all_passed(group, passed)});
    }
  }
  return results;
}

std::vector<CollectiveTiming> time_collectives(const Group& group) {
  std::vector<CollectiveTiming> timings;
  for (const auto op : {Operation::gather, Operation::sum}) {
    for (const int length : {1024, 16384, 262144, 1048576}) {
      const auto x = mx::ones({length}, mx::float32);
      mx::eval(x);
      timings.push_back(
          {op == Operation::sum ? "all_sum" : "all_gather",
           x.nbytes(),
           microseconds_of(group, op, x)});
    }
  }
  return timings;
}

CheckResult check_ticks(
    const Group& group,
    Exchange& exchange,
    const std::string& name,
    int n_ticks,
    const std::function<void(int)>& on_tick) {
  bool passed = true;
  for (int tick = 0; tick < n_ticks; ++tick) {
    passed = tick_is_right(group, exchange, static_cast<std::uint64_t>(tick)) &&
             passed;
    on_tick(tick + 1);
  }
  return {
      fmt::format("{} ticks of varying sizes by {}", n_ticks, name),
      all_passed(group, passed)};
}

} // namespace lockstep::world
