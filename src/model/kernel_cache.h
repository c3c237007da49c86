#pragma once

#include <memory>
#include <vector>

#include "kernels/attention.h"
#include "kernels/kv_pages.h"
#include "model/kv_cache.h"

namespace lockstep::model {

static_assert(kPagePlaces == kernels::kChunk);

/// The cache that our kernels read and write, within its pages.
class KernelCache final : public KvCache {
 public:
  KernelCache(const std::vector<kernels::KvShape>& layers, int n_slots)
      : pages_(layers, n_slots) {}

  void begin(const Pass& pass) override;
  void copy(int from, int to, int n_places) override {
    pages_.copy(from, to, n_places);
  }
  void close(int slot) override { pages_.close(slot); }
  std::uint64_t bytes() const override { return pages_.bytes(); }
  void collect(std::vector<mx::array>&) const override {}

  /// The parts of the pass begun last; all layers share them.
  std::shared_ptr<const std::vector<kernels::AttentionPart>> parts() const {
    return parts_;
  }
  /// Where a layer of the stage begins in each page.
  std::size_t offset_of(int layer) const { return pages_.offset_of(layer); }

 private:
  kernels::KvPages pages_;
  std::shared_ptr<const std::vector<kernels::AttentionPart>> parts_;
};

} // namespace lockstep::model
