#include "sched/header.h"

#include <set>

#include "base/error.h"
#include "sched/words.h"

namespace lockstep::sched {

namespace {

constexpr int kFixedWords = 10;
constexpr int kOpenWords = 5; // and those of the Sampling

void put(WordWriter& out, const Row& row) {
  out.put(row.slot);
  out.put(row.offset);
  out.put(row.n_tokens);
  out.put(row.n_wanted);
  out.put(row.n_top);
  out.put(row.scored ? 1 : 0);
  out.put(row.next);
  out.put(row.index);
}

void put(WordWriter& out, const SlotOp& op) {
  out.put(op.kind == SlotOp::Kind::open ? 1 : 2);
  out.put(op.slot);
  if (op.kind == SlotOp::Kind::open) {
    out.put(op.capacity);
    out.put(op.from);
    out.put(op.n_from);
    put(out, op.sampling);
  }
}

int most_slot_ops(const Limits& limits) {
  return 2 * limits.n_slots + 2;
}

Row get_row(WordReader& in, const Limits& limits) {
  Row row;
  row.slot = in.get("row.slot", 0, limits.n_slots - 1);
  row.offset = in.get("row.offset", 0, limits.context - 1);
  row.n_tokens = in.get("row.n_tokens", 1, limits.context - row.offset);
  row.n_wanted = in.get("row.n_wanted", 0, row.n_tokens);
  row.n_top = in.get("row.n_top", 0, kMostTopLogprobs);
  row.scored = in.get("row.scored", 0, 1) == 1;
  row.next = in.get("row.next", -1, limits.vocab - 1);
  row.index = in.get("row.index", 0, limits.context);
  if (row.scored && row.n_wanted > 0 && row.next < 0) {
    fail(ErrorKind::diverged, "header: a scored row names no following token");
  }
  return row;
}

SlotOp get_slot_op(WordReader& in, const Limits& limits) {
  SlotOp op;
  op.kind = in.get("slot_op.kind", 1, 2) == 1 ? SlotOp::Kind::open
                                              : SlotOp::Kind::close;
  op.slot = in.get("slot_op.slot", 0, limits.n_slots - 1);
  if (op.kind == SlotOp::Kind::open) {
    op.capacity = in.get("slot_op.capacity", 0, limits.context);
    op.from = in.get("slot_op.from", -1, limits.n_slots - 1);
    op.n_from = in.get("slot_op.n_from", 0, op.from < 0 ? 0 : op.capacity);
    op.sampling = get_sampling(in, limits.vocab);
  }
  return op;
}

} // namespace

int words_of(const SlotOp& op) {
  return op.kind == SlotOp::Kind::open ? open_words(op.sampling) : kCloseWords;
}

int open_words(const Sampling& sampling) {
  return kOpenWords + sampling_words(sampling);
}

int header_words(int n_rows, int n_tokens, int slot_op_words) {
  return kFixedWords + n_rows * kRowWords + n_tokens + slot_op_words;
}

int header_words(const Header& header) {
  return header_words(
      static_cast<int>(header.entering.rows.size()),
      header.entering.n_tokens(),
      slot_op_words(header));
}

int slot_op_words(const Header& header) {
  int n_words = 0;
  for (const auto& op : header.slot_ops) {
    n_words += words_of(op);
  }
  return n_words;
}

void encode(const Header& header, std::span<std::int32_t> out) {
  if (static_cast<std::size_t>(header_words(header)) > out.size()) {
    fail(
        ErrorKind::internal,
        "a header of {} words does not fit the {} words promised for it",
        header_words(header),
        out.size());
  }
  WordWriter writer(out);
  writer.put64(header.tick);
  writer.put(header.end ? 1 : 0);
  writer.put(header.pause_us);
  writer.put(header.next.words);
  writer.put(header.next.tokens);
  writer.put(static_cast<std::int32_t>(header.slot_ops.size()));
  writer.put(static_cast<std::int32_t>(header.entering.rows.size()));
  writer.put(header.entering.n_tokens());
  writer.put(header_words(header));
  for (const auto& op : header.slot_ops) {
    put(writer, op);
  }
  for (const auto& row : header.entering.rows) {
    put(writer, row);
  }
  for (const auto token : header.entering.tokens) {
    writer.put(token);
  }
  writer.fill_rest();
}

Header decode(std::span<const std::int32_t> words, const Limits& limits) {
  WordReader in(words);
  Header header;
  header.tick = in.get64();
  header.end = in.get("end", 0, 1) == 1;
  header.pause_us = in.get("pause_us", 0, kMostPauseUs);
  // What a header may promise follows from what the next one may hold.
  const int most_rows = limits.n_slots;
  const int most_words = header_words(
      most_rows,
      limits.max_batch_tokens,
      most_slot_ops(limits) * (kOpenWords + most_sampling_words()));
  header.next.words = in.get("next.words", kFixedWords, most_words);
  header.next.tokens = in.get("next.tokens", 0, limits.max_batch_tokens);
  const int n_ops = in.get("n_slot_ops", 0, most_slot_ops(limits));
  const int n_rows = in.get("n_rows", 0, most_rows);
  const int n_tokens = in.get("n_tokens", 0, limits.max_batch_tokens);
  const int n_words = in.get("n_words", kFixedWords, most_words);
  for (int i = 0; i < n_ops; ++i) {
    header.slot_ops.push_back(get_slot_op(in, limits));
  }
  int n_row_tokens = 0;
  std::set<int> slots;
  for (int i = 0; i < n_rows; ++i) {
    header.entering.rows.push_back(get_row(in, limits));
    const auto& row = header.entering.rows.back();
    n_row_tokens += row.n_tokens;
    if (!slots.insert(row.slot).second) {
      fail(ErrorKind::diverged, "header: slot {} has two rows", row.slot);
    }
  }
  if (n_row_tokens != n_tokens) {
    fail(
        ErrorKind::diverged,
        "header: its rows have {} tokens, it carries {}",
        n_row_tokens,
        n_tokens);
  }
  for (int i = 0; i < n_tokens; ++i) {
    header.entering.tokens.push_back(in.get("token", 0, limits.vocab - 1));
  }
  if (in.n_read() != n_words) {
    fail(
        ErrorKind::diverged,
        "header: its parts have {} words, it says {}",
        in.n_read(),
        n_words);
  }
  return header;
}

} // namespace lockstep::sched
