#include "plan/held_tensors.h"

#include <algorithm>
#include <map>
#include <string>

#include <doctest/doctest.h>

#include "base/file.h"
#include "checkpoint/brought.h"
#include "checkpoint/model_files.h"
#include "support/refused.h"
#include "support/temp_folder.h"
#include "support/tiny_directory.h"
#include "support/tiny_gguf.h"

namespace lockstep::plan {

using checkpoint::Brought;
using checkpoint::Checkpoint;
using checkpoint::LayerRange;
using checkpoint::ModelConfig;
using checkpoint::ModelFile;
using checkpoint::Span;
using testing::TempFolder;

namespace {

constexpr int kLayers = 3;
constexpr char kGguf[] = "model.gguf";

ModelConfig config_of(bool tied) {
  ModelConfig config;
  config.layers.resize(kLayers);
  config.tied_embeddings = tied;
  return config;
}

/// A llama of three layers, none of its bytes zero.
std::string some_gguf() {
  auto writer = testing::tiny_gguf();
  writer.set_u32("llama.block_count", kLayers);
  std::vector<testing::GgufWriter::Tensor> more;
  for (const auto& tensor : writer.tensors) {
    for (int layer = 1; layer < kLayers; ++layer) {
      if (tensor.name.starts_with("blk.0.")) {
        more.push_back(tensor);
        more.back().name.replace(0, 6, fmt::format("blk.{}.", layer));
      }
    }
  }
  writer.tensors.insert(writer.tensors.end(), more.begin(), more.end());
  for (auto& tensor : writer.tensors) {
    tensor.data.assign(tensor.data.size(), 'x');
  }
  return writer.bytes();
}

void add_matrix(
    testing::SafetensorsWriter& writer, const std::string& name, int rows) {
  writer.add(
      name,
      "F32",
      {rows, 64},
      std::string(static_cast<std::size_t>(rows) * 64 * 4, 'x'));
}

void write_directory(const TempFolder& folder) {
  auto config = testing::tiny_config();
  config["num_hidden_layers"] = kLayers;
  folder.write("config.json", config.dump());
  folder.write("tokenizer.json", "{}");
  folder.write("chat_template.jinja", "hello");
  folder.write("README.md", "not a part of it");
  testing::SafetensorsWriter one;
  testing::SafetensorsWriter two;
  add_matrix(one, "model.embed_tokens.weight", 10);
  add_matrix(one, "model.layers.0.mlp.up_proj.weight", 8);
  add_matrix(two, "model.layers.1.mlp.up_proj.weight", 8);
  add_matrix(one, "model.layers.2.mlp.up_proj.weight", 8);
  add_matrix(two, "model.norm.weight", 1);
  add_matrix(two, "lm_head.weight", 10);
  folder.write("a.safetensors", one.bytes());
  folder.write("b.safetensors", two.bytes());
}

std::vector<ModelFile> files_for(
    const Checkpoint& whole,
    const std::vector<LayerRange>& ranges,
    const ModelConfig& config) {
  return model_files(whole, kGguf, [&](const auto& tensor) {
    return is_held(tensor, ranges, config);
  });
}

/// The files with holes instead of what is not needed, and the list of that.
void copy_needed(const std::vector<ModelFile>& files, const TempFolder& to) {
  Brought brought;
  for (const auto& file : files) {
    const auto bytes = read_text_file(file.path);
    REQUIRE(bytes.size() == file.size);
    std::string sparse(bytes.size(), '\0');
    brought.files.push_back({file.name, file.size, "", 0, {}});
    for (const auto& span : file.needed) {
      sparse.replace(span.offset, span.bytes, bytes, span.offset, span.bytes);
      brought.files.back().pieces.push_back({span, ""});
    }
    to.write(file.name, sparse);
  }
  to.write(checkpoint::kBroughtName, brought_text(brought));
}

bool loads(const Checkpoint& part, const std::string& name) {
  const auto* info = part.find(name);
  REQUIRE(info != nullptr);
  try {
    const auto tensor = part.load(*info);
    const bool is_whole =
        std::all_of(tensor.values.begin(), tensor.values.end(), [](auto byte) {
          return byte == std::byte{'x'};
        });
    CHECK_MESSAGE(is_whole, name);
    return true;
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::config);
    CHECK(std::string(error.what()).find("lockstep push") != std::string::npos);
    return false;
  }
}

/// Name of a tensor -> whether the ranks with these layers can load it.
std::map<std::string, bool> held_by(
    const Checkpoint& whole,
    const std::vector<LayerRange>& ranges,
    const ModelConfig& config) {
  const TempFolder folder;
  const auto files = files_for(whole, ranges, config);
  copy_needed(files, folder);
  const bool is_file = files.front().name == kGguf;
  const auto part =
      Checkpoint::open(is_file ? folder.path() / kGguf : folder.path());
  CHECK(part.fingerprint() == whole.fingerprint());
  std::map<std::string, bool> held;
  for (const auto& tensor : part.tensors()) {
    held[tensor.name] = loads(part, tensor.name);
  }
  return held;
}

} // namespace

TEST_CASE("a model with the bytes of some layers alone opens and loads them") {
  // Seen to fail with: the first rank's embedding left out, a tied head's
  // embedding left out, the fingerprint's samples left out, Checkpoint::load()
  // that does not ask what is here.
  const TempFolder folder;
  folder.write(kGguf, some_gguf());
  const auto whole = Checkpoint::open(folder.path() / kGguf);
  const auto up = [](int layer) {
    return fmt::format("model.layers.{}.mlp.up_proj.weight", layer);
  };
  for (const bool tied : {false, true}) {
    const auto config = config_of(tied);
    auto held = held_by(whole, {{0, 2}}, config);
    CHECK(held.at("model.embed_tokens.weight"));
    CHECK(held.at(up(0)));
    CHECK(held.at(up(1)));
    CHECK(!held.at(up(2)));
    held = held_by(whole, {{2, 3}}, config);
    CHECK(held.at("model.embed_tokens.weight") == tied);
    CHECK(held.at("model.norm.weight"));
    CHECK(!held.at(up(0)));
    CHECK(held.at(up(2)));
    // Two ranks of one host.
    held = held_by(whole, {{0, 1}, {2, 3}}, config);
    CHECK(held.at("model.embed_tokens.weight"));
    CHECK(!held.at(up(1)));
    CHECK(held.at(up(2)));
  }
}

TEST_CASE("of a directory come its texts and the bytes of some layers") {
  // Seen to fail with: offsets of one file taken for those of another.
  const TempFolder folder;
  write_directory(folder);
  const auto whole = Checkpoint::open(folder.path());
  const auto config = config_of(false);
  std::vector<std::string> names;
  for (const auto& file : files_for(whole, {{0, 1}}, config)) {
    names.push_back(file.name);
  }
  CHECK(
      names == std::vector<std::string>{
                   "config.json",
                   "tokenizer.json",
                   "chat_template.jinja",
                   "a.safetensors",
                   "b.safetensors"});
  auto held = held_by(whole, {{0, 1}}, config);
  CHECK(held.at("model.embed_tokens.weight"));
  CHECK(held.at("model.layers.0.mlp.up_proj.weight"));
  CHECK(!held.at("model.layers.1.mlp.up_proj.weight"));
  CHECK(!held.at("model.layers.2.mlp.up_proj.weight"));
  CHECK(!held.at("lm_head.weight"));
  held = held_by(whole, {{1, 3}}, config);
  CHECK(!held.at("model.embed_tokens.weight"));
  CHECK(!held.at("model.layers.0.mlp.up_proj.weight"));
  CHECK(held.at("model.layers.1.mlp.up_proj.weight"));
  CHECK(held.at("lm_head.weight"));
}

TEST_CASE("a damaged list of what was brought is refused by its name") {
  // Seen to fail with: pieces that are not held against the file's size.
  const TempFolder folder;
  const auto piece = [](const std::string& text) {
    return R"({"files": [{"name": "a", "size": 9, "source": "", )"
           R"("written_ns": 1, "pieces": [)" +
           text + "]}]}";
  };
  for (const auto& text :
       {std::string("{"),
        std::string("[]"),
        std::string(R"({"files": 3})"),
        piece("3"),
        piece(R"([0, 4])"),
        piece(R"([0, -4, ""])"),
        piece(R"([0, 4, 7])"),
        piece(R"([6, 4, ""])"),
        piece(R"([9223372036854775807, 9223372036854775807, ""])"),
        piece(R"([4, 4, ""], [0, 4, ""])")}) {
    const auto list = folder.write(checkpoint::kBroughtName, text);
    testing::check_refused(ErrorKind::config, {".lockstep-pushed.json"}, [&] {
      checkpoint::read_brought(list);
    });
  }
  const auto list = folder.write(
      checkpoint::kBroughtName, piece(R"([0, 4, "d"], [5, 4, "e"])"));
  const auto read = checkpoint::read_brought(list);
  REQUIRE(read);
  CHECK(read->find("a")->held() == std::vector<Span>{{0, 4}, {5, 4}});
  folder.write("again", brought_text(*read));
  CHECK(
      brought_text(*checkpoint::read_brought(folder.path() / "again")) ==
      brought_text(*read));
}

} // namespace lockstep::plan
