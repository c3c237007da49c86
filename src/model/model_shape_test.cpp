#include "model/model_shape.h"

#include <map>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/file.h"
#include "model/families/family.h"
#include "model/mlx_parts.h"
#include "model/stage.h"
#include "support/refused.h"
#include "support/temp_folder.h"
#include "support/tiny_model.h"

namespace lockstep::model {

using testing::check_refused;
using testing::TempFolder;
using testing::TinyModel;
using testing::TinyModelOptions;

namespace {

Json config_of(const TinyModel& model) {
  auto config =
      parse_json(read_text_file(model.path() / "config.json"), "config.json");
  config["torch_dtype"] = "float32";
  return config;
}

std::map<std::string, std::vector<int>> shapes_of(
    const checkpoint::Checkpoint& checkpoint) {
  std::map<std::string, std::vector<int>> shapes;
  for (const auto& info : checkpoint.tensors()) {
    shapes[info.name] = info.shape;
    shapes[info.name].push_back(info.affine ? info.affine->bits : 0);
  }
  return shapes;
}

} // namespace

// Seen to fail with: biases not noted; a tied head noted too.
TEST_CASE("a shape has the tensors that a checkpoint of its config has") {
  TinyModelOptions plain;
  TinyModelOptions tied;
  tied.tied = true;
  TinyModelOptions biased;
  biased.biases = true;
  TinyModelOptions quantized;
  quantized.quantized = true;
  const TempFolder folder;
  for (const auto& options : {plain, tied, biased, quantized}) {
    const TinyModel model(options);
    const auto path = folder.write("shape.json", config_of(model).dump());
    CHECK(shapes_of(open_model_shape(path)) == shapes_of(model.open()));
  }
}

// Seen to fail with: the whole model made by every rank.
TEST_CASE("a stage makes its own layers' weights and no others") {
  const TempFolder folder;
  const auto path = folder.write("shape.json", config_of(TinyModel({})).dump());
  const auto made_by = [&](int first, int last) {
    const auto shape = open_model_shape(path);
    const auto& family = family_of(shape);
    const auto parts = mlx_parts(checkpoint::Dtype::f32, KvStored::as_computed);
    const Stage stage(
        shape, family, family.parse(shape), {first, last}, *parts);
    return shape.bytes_read();
  };
  const auto layers = made_by(1, 2);
  const std::uint64_t table = 4 * 101 * 64;
  CHECK(layers > 0);
  CHECK(made_by(2, 4) == 2 * layers);
  CHECK(made_by(0, 1) == layers + table);
  CHECK(made_by(4, 5) == layers + table + 4 * 64);
}

TEST_CASE("a shape that no family can be is refused") {
  const TempFolder folder;
  const auto base = config_of(TinyModel({}));
  const auto refused = [&](ErrorKind kind,
                           const std::vector<std::string_view>& words,
                           const char* change) {
    auto config = base;
    config.merge_patch(parse_json(change, "change"));
    const auto path = folder.write("shape.json", config.dump());
    check_refused(kind, words, [&] { open_model_shape(path); });
  };
  refused(
      ErrorKind::unsupported,
      {"shape.json", "model_type", "griffin", "llama"},
      R"({"model_type": "griffin"})");
  for (const auto* key :
       {"num_hidden_layers",
        "hidden_size",
        "vocab_size",
        "intermediate_size",
        "num_attention_heads",
        "rms_norm_eps",
        "torch_dtype"}) {
    refused(
        ErrorKind::config,
        {"shape.json", key, "missing"},
        fmt::format(R"({{"{}": null}})", key).c_str());
  }
  refused(
      ErrorKind::config,
      {"shape.json", "hidden_size", "-64"},
      R"({"hidden_size": -64})");
  refused(
      ErrorKind::config,
      {"shape.json", "head_dim", "524288"},
      R"({"head_dim": 524288})");
  refused(
      ErrorKind::config,
      {"shape.json", "96 inputs", "groups of 64"},
      R"({"quantization": {"bits": 4, "group_size": 64}})");
}

} // namespace lockstep::model
