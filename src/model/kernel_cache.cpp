#include "model/kernel_cache.h"

#include <utility>

namespace lockstep::model {

void KernelCache::begin(const Pass& pass) {
  std::vector<kernels::AttentionPart> parts;
  for (const auto& part : pass.parts) {
    pages_.reserve(part.slot, part.offset + part.n);
    parts.push_back({part.first, part.n, part.offset, pages_.pages(part.slot)});
  }
  parts_ = std::make_shared<const std::vector<kernels::AttentionPart>>(
      std::move(parts));
}

} // namespace lockstep::model
