#include "kernels/kv_pages.h"

#include <cstring>

namespace lockstep::kernels {

KvHead head_of(const KvShape& shape, std::byte* page, int head) {
  const auto n = static_cast<std::size_t>(shape.n_heads);
  const auto i = static_cast<std::size_t>(head);
  auto* values = page + n * shape.key_bytes();
  KvHead all;
  all.keys = page + i * shape.key_bytes();
  all.values = values + i * shape.value_bytes();
  if (shape.type != KvType::f32) {
    auto* scales = reinterpret_cast<float*>(values + n * shape.value_bytes());
    all.key_scales = scales + i * kChunk;
    all.value_scales = scales + (n + i) * kChunk;
  }
  return all;
}

KvPages::KvPages(const std::vector<KvShape>& layers, int n_slots)
    : slots_(static_cast<std::size_t>(n_slots)) {
  for (const auto& layer : layers) {
    offsets_.push_back(page_bytes_);
    page_bytes_ += layer.page_bytes();
  }
}

std::size_t KvPages::take() {
  if (free_.empty()) {
    free_.push_back(pages_.size());
    pages_.push_back({arena_.take(page_bytes_)});
  }
  const auto page = free_.back();
  free_.pop_back();
  pages_[page].n_users = 1;
  return page;
}

void KvPages::reserve(int slot, int n_places) {
  auto& held = slots_[static_cast<std::size_t>(slot)];
  while (held.size() * kChunk < static_cast<std::size_t>(n_places)) {
    held.push_back(take());
  }
}

void KvPages::copy(int from, int to, int n_places) {
  if (from == to) {
    truncate(to, n_places);
    return;
  }
  const auto source = slots_[static_cast<std::size_t>(from)];
  auto& held = slots_[static_cast<std::size_t>(to)];
  close(to);
  const auto n_whole = static_cast<std::size_t>(n_places / kChunk);
  for (std::size_t i = 0; i < n_whole; ++i) {
    ++pages_[source[i]].n_users;
    held.push_back(source[i]);
  }
  if (n_places % kChunk != 0) {
    held.push_back(copy_of(source[n_whole]));
  }
}

void KvPages::truncate(int slot, int n_places) {
  auto& held = slots_[static_cast<std::size_t>(slot)];
  const auto n = static_cast<std::size_t>((n_places + kChunk - 1) / kChunk);
  while (held.size() > n) {
    leave(held.back());
    held.pop_back();
  }
  if (n_places % kChunk != 0 && pages_[held.back()].n_users > 1) {
    // What is written now is not for the others.
    const auto shared = held.back();
    held.back() = copy_of(shared);
    leave(shared);
  }
}

std::size_t KvPages::copy_of(std::size_t page) {
  const auto copy = take();
  std::memcpy(pages_[copy].data.get(), pages_[page].data.get(), page_bytes_);
  return copy;
}

void KvPages::leave(std::size_t page) {
  if (--pages_[page].n_users == 0) {
    free_.push_back(page);
  }
}

void KvPages::close(int slot) {
  auto& held = slots_[static_cast<std::size_t>(slot)];
  for (const auto page : held) {
    leave(page);
  }
  held.clear();
}

std::vector<std::byte*> KvPages::pages(int slot) const {
  std::vector<std::byte*> all;
  for (const auto page : slots_[static_cast<std::size_t>(slot)]) {
    all.push_back(pages_[page].data.get());
  }
  return all;
}

std::uint64_t KvPages::bytes() const {
  return (pages_.size() - free_.size()) * std::uint64_t{page_bytes_};
}

} // namespace lockstep::kernels
