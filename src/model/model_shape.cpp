#include "model/model_shape.h"

#include <memory>
#include <vector>

#include "mlx/dtype.h"

#include "model/families/family.h"
#include "model/stage.h"
#include "model/weights.h"

namespace lockstep::model {

namespace {

/// Parts of a stage that only says which weights it takes.
class NoEmbedding final : public Embedding {
 public:
  mx::array rows(const mx::array& tokens) const override { return tokens; }
  std::unique_ptr<RowMap> head(const RmsNorm&) const override {
    return nullptr;
  }
};

class NoParts final : public Parts {
 public:
  std::unique_ptr<RowMap> projection(StoredProjection) override {
    return nullptr;
  }
  std::unique_ptr<Block> block(StoredBlock) override { return nullptr; }
  std::unique_ptr<Embedding> embedding(StoredLinear) override {
    return std::make_unique<NoEmbedding>();
  }
  CacheMaker caches(
      const std::vector<checkpoint::LayerConfig>&) const override {
    return {};
  }
  mx::Dtype activations() const override { return mx::float32; }
  std::uint64_t bytes_held() const override { return 0; }
};

} // namespace

checkpoint::Checkpoint open_model_shape(const std::filesystem::path& path) {
  const auto shape = checkpoint::Checkpoint::open_shape(path);
  const auto& family = family_of(shape);
  const auto config = family.parse(shape);
  std::vector<checkpoint::TensorNeed> needs;
  NoParts parts;
  const LayerRange all{0, static_cast<int>(config.layers.size())};
  const Stage stage(Weights(shape, needs), family, config, all, parts);
  return shape.with_random_weights(needs);
}

} // namespace lockstep::model
