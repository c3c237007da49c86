#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/arena.h"
#include "kernels/layout.h"

namespace lockstep::kernels {

/// What one layer keeps of each place, and how it lies in a page of kChunk
/// places: keys [n_heads][kChunk / kTile][head_dim][kTile], values
/// [n_heads][kChunk][tiles_of(head_dim) * kTile], and where these are integers
/// their scales, float32, [n_heads][kChunk] for keys and for values.
struct KvShape {
  int n_heads = 0; // of keys and values
  int head_dim = 0;
  KvType type = KvType::i16;

  std::size_t key_bytes() const { // of one head's page
    return bytes_of(type) * static_cast<std::size_t>(kChunk * head_dim);
  }
  std::size_t value_bytes() const {
    return bytes_of(type) *
           static_cast<std::size_t>(kChunk * tiles_of(head_dim) * kTile);
  }
  std::size_t scale_bytes() const {
    return type != KvType::f32 ? sizeof(float) * kChunk : 0;
  }
  std::size_t page_bytes() const {
    return static_cast<std::size_t>(n_heads) *
           (key_bytes() + value_bytes() + 2 * scale_bytes());
  }
};

/// Where one head's keys and values of a page are.
struct KvHead {
  std::byte* keys = nullptr;
  std::byte* values = nullptr;
  float* key_scales = nullptr; // of integers
  float* value_scales = nullptr;
};

/// `page` is what one layer has of it.
KvHead head_of(const KvShape& shape, std::byte* page, int head);

/// Keys and values of all layers of a stage, by slot, in pages of kChunk
/// places. Slots that begin alike share whole pages: a page that is full is
/// never written again. What is in use is never moved. Main thread only; who
/// reads and writes pages meanwhile does so within what was reserved.
class KvPages {
 public:
  KvPages(const std::vector<KvShape>& layers, int n_slots);

  /// Room for places 0 … n_places - 1 of a slot. Throws std::bad_alloc.
  void reserve(int slot, int n_places);
  /// Slot `to` begins with the first `n_places` of slot `from`, which holds
  /// them and may be `to` itself; what else `to` held is gone. Full pages are
  /// shared, the rest is copied.
  void copy(int from, int to, int n_places);
  void close(int slot);

  /// The slot's pages in order of places; valid until its next close or copy.
  std::vector<std::byte*> pages(int slot) const;
  /// Where layer i begins in a page.
  std::size_t offset_of(int i) const {
    return offsets_[static_cast<std::size_t>(i)];
  }
  std::size_t page_bytes() const { return page_bytes_; } // of all layers
  std::uint64_t bytes() const; // of pages in use, shared ones once

 private:
  /// A page of all layers, and how many slots have it.
  struct Page {
    std::shared_ptr<std::byte> data;
    int n_users = 0;
  };

  std::size_t take(); // the number of a page that nobody has
  std::size_t copy_of(std::size_t page);
  void leave(std::size_t page); // one user less
  void truncate(int slot, int n_places);

  std::vector<std::size_t> offsets_; // by layer
  std::size_t page_bytes_ = 0;
  std::vector<Page> pages_;
  std::vector<std::size_t> free_;               // numbers of pages
  std::vector<std::vector<std::size_t>> slots_; // numbers of pages
  Arena arena_;
};

} // namespace lockstep::kernels
