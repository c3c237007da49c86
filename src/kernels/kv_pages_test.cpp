#include "kernels/kv_pages.h"

#include <algorithm>
#include <vector>

#include <doctest/doctest.h>

namespace lockstep::kernels {

namespace {

constexpr KvShape kShape{2, 6, KvType::i8};

/// Marks a place of a slot in the first and the last byte of both layers.
void mark(KvPages& pages, int slot, int place, int value) {
  pages.reserve(slot, place + 1);
  for (const int layer : {0, 1}) {
    auto* page = pages.pages(slot)[static_cast<std::size_t>(place / kChunk)] +
                 pages.offset_of(layer);
    for (int head = 0; head < kShape.n_heads; ++head) {
      const auto at = head_of(kShape, page, head);
      at.keys[place % kChunk] = static_cast<std::byte>(value);
      at.value_scales[place % kChunk] = static_cast<float>(value);
    }
  }
}

std::vector<int> marks(const KvPages& pages, int slot, int place) {
  std::vector<int> all;
  for (const int layer : {0, 1}) {
    auto* page = pages.pages(slot)[static_cast<std::size_t>(place / kChunk)] +
                 pages.offset_of(layer);
    for (int head = 0; head < kShape.n_heads; ++head) {
      const auto at = head_of(kShape, page, head);
      all.push_back(static_cast<int>(at.keys[place % kChunk]));
      all.push_back(static_cast<int>(at.value_scales[place % kChunk]));
    }
  }
  return all;
}

void mark_one(KvPages& pages, int slot, int place, int value) {
  pages.reserve(slot, place + 1);
  auto* page = pages.pages(slot)[static_cast<std::size_t>(place / kChunk)];
  page[place % kChunk] = static_cast<std::byte>(value);
}

int mark_of(const KvPages& pages, int slot, int place) {
  const auto* page =
      pages.pages(slot)[static_cast<std::size_t>(place / kChunk)];
  return static_cast<int>(page[place % kChunk]);
}

} // namespace

TEST_CASE("slots that begin alike share full pages and copy the last one") {
  // Seen to fail with: the partial page shared; the users of a shared page not
  // counted; the second layer's offset left out of a page's size.
  KvPages pages({kShape, kShape}, 3);
  for (int place = 0; place < 600; ++place) {
    mark(pages, 0, place, place % 100);
  }
  CHECK(pages.bytes() == 3 * pages.page_bytes());
  pages.copy(0, 1, 520);
  CHECK(pages.bytes() == 4 * pages.page_bytes());
  CHECK(pages.pages(0)[1] == pages.pages(1)[1]);
  CHECK(pages.pages(0)[2] != pages.pages(1)[2]);
  CHECK(marks(pages, 1, 519) == std::vector<int>(8, 19));
  mark(pages, 1, 520, 77);
  CHECK(marks(pages, 0, 520) == std::vector<int>(8, 20));

  pages.copy(1, 2, 512); // full pages only
  CHECK(pages.bytes() == 4 * pages.page_bytes());
  pages.close(0);
  CHECK(pages.bytes() == 3 * pages.page_bytes());
  CHECK(marks(pages, 2, 300) == std::vector<int>(8, 0));
  CHECK(marks(pages, 1, 520) == std::vector<int>(8, 77));
  pages.close(1);
  pages.close(2);
  CHECK(pages.bytes() == 0);
}

TEST_CASE("a slot that is cut leaves to others what they share") {
  // Seen to fail with: a shared page kept by the slot that is cut in it; pages
  // behind the cut kept.
  KvPages pages({kShape}, 2);
  for (int place = 0; place < 600; ++place) {
    mark_one(pages, 0, place, place % 100);
  }
  pages.copy(0, 1, 512);
  pages.copy(0, 0, 300);
  CHECK(pages.bytes() == 3 * pages.page_bytes());
  CHECK(pages.pages(0).size() == 2);
  CHECK(pages.pages(0)[0] == pages.pages(1)[0]);
  mark_one(pages, 0, 300, 77);
  CHECK(mark_of(pages, 0, 299) == 99);
  CHECK(mark_of(pages, 1, 300) == 0);
  pages.copy(1, 1, 512);
  CHECK(pages.bytes() == 3 * pages.page_bytes());
}

TEST_CASE("what grows stays where it is, and released pages are taken again") {
  // Seen to fail with: released pages forgotten.
  KvPages pages({kShape}, 2);
  pages.reserve(0, 1);
  const auto first = pages.pages(0);
  pages.reserve(0, 700);
  auto all = pages.pages(0);
  CHECK(all.size() == 3);
  CHECK(all.front() == first.front());
  pages.close(0);
  pages.reserve(1, 700);
  auto again = pages.pages(1);
  std::sort(all.begin(), all.end());
  std::sort(again.begin(), again.end());
  CHECK(again == all);
}

} // namespace lockstep::kernels
