#include "checkpoint/weight_files.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "base/error.h"
#include "checkpoint/checkpoint.h"
#include "support/refused.h"
#include "support/safetensors_writer.h"
#include "support/temp_folder.h"
#include "support/tiny_directory.h"

namespace lockstep::checkpoint {

using testing::check_refused;
using testing::Model;
using testing::one_norm;
using testing::refused;
using testing::SafetensorsWriter;
using testing::TempFolder;
using testing::tiny_config;

namespace {

constexpr auto kConfig = ErrorKind::config;

} // namespace

// Seen to fail with: all files taken.
TEST_CASE("an index leads to the tensors of several files") {
  const Model model;
  model.write("config.json", tiny_config());
  model.write("a.safetensors", one_norm());
  SafetensorsWriter other;
  other.add("lm_head.weight", "F16", {10, 64}, std::string(1280, 'h'));
  model.write("b.safetensors", other);
  model.write("stray.safetensors", std::string("not read"));
  model.write(
      "model.safetensors.index.json",
      parse_json(
          R"({"metadata": {"total_size": 1},
              "weight_map": {"lm_head.weight": "b.safetensors",
                             "model.norm.weight": "a.safetensors"}})",
          "i"));
  const auto checkpoint = model.open();
  REQUIRE(checkpoint.tensors().size() == 2);
  const auto& head = *checkpoint.find("lm_head.weight");
  CHECK(head.ranges[0].file == 1);
  CHECK(checkpoint.load(head).values[7] == static_cast<std::byte>('h'));
}

// Seen to fail with: the index's tensors not looked up; tensors outside the
// index taken; any file name taken; links not checked.
TEST_CASE("an index that does not fit its files is refused by name") {
  struct Case {
    std::string_view named;
    std::string index;
  };
  const TempFolder outside;
  outside.write("x.safetensors", one_norm().bytes());
  for (const auto& one : std::vector<Case>{
           {"weight_map", "{}"},
           {"weight_map", R"({"weight_map": []})"},
           {"weight_map", R"({"weight_map": {}})"},
           {"model.norm.weight", R"({"weight_map": {"model.norm.weight": 1}})"},
           {"twice",
            R"({"weight_map": {"model.norm.weight": "a.safetensors",
                               "model.norm.weight": "a.safetensors"}})"},
           {"none.safetensors",
            R"({"weight_map": {"model.norm.weight": "none.safetensors"}})"},
           {"\"../a.safetensors\"",
            R"({"weight_map": {"model.norm.weight": "../a.safetensors"}})"},
           {"\"/etc/passwd\"",
            R"({"weight_map": {"model.norm.weight": "/etc/passwd"}})"},
           {"plain", R"({"weight_map": {"model.norm.weight": ".."}})"},
           {"plain", R"({"weight_map": {"model.norm.weight": ""}})"},
           {"plain", R"({"weight_map": {"model.norm.weight": "a\u0000b"}})"},
           {"plain", R"({"weight_map": {"model.norm.weight": "C:a"}})"},
           {"plain", R"({"weight_map": {"model.norm.weight": "a\\b"}})"},
           {"link.safetensors",
            R"({"weight_map": {"model.norm.weight": "link.safetensors"}})"},
           {"lm_head.weight",
            R"({"weight_map": {"model.norm.weight": "a.safetensors",
                               "lm_head.weight": "a.safetensors"}})"},
           {"model.norm.weight",
            R"({"weight_map": {"extra.weight": "b.safetensors",
                               "model.norm.weight": "b.safetensors"}})"},
           {"extra.weight",
            R"({"weight_map": {"model.norm.weight": "a.safetensors",
                               "more.weight": "b.safetensors"}})"},
           {"also in",
            R"({"weight_map": {"model.norm.weight": "a.safetensors",
                               "x": "c.safetensors"}})"}}) {
    const Model model;
    model.write("config.json", tiny_config());
    model.write("a.safetensors", one_norm());
    model.write("c.safetensors", one_norm());
    SafetensorsWriter other;
    other.add("extra.weight", "F32", {1}, "1234");
    other.add("more.weight", "F32", {1}, "1234");
    model.write("b.safetensors", other);
    std::filesystem::create_symlink(
        outside.path() / "x.safetensors",
        model.folder.path() / "link.safetensors");
    model.write("model.safetensors.index.json", one.index);
    refused(kConfig, {one.named, model.folder.path().string()}, model);
  }
}

// Seen to fail with: every neighbour of blobs taken.
TEST_CASE("links are followed as a hub cache lays them, and no other way") {
  namespace fs = std::filesystem;
  const TempFolder hub;
  const auto snapshot = hub.path() / "models--x" / "snapshots" / "abc";
  const auto blobs = hub.path() / "models--x" / "blobs";
  fs::create_directories(snapshot);
  fs::create_directories(blobs);
  hub.write("models--x/blobs/1", tiny_config().dump());
  hub.write("models--x/blobs/2", one_norm().bytes());
  fs::create_symlink("../../blobs/1", snapshot / "config.json");
  fs::create_symlink("../../blobs/2", snapshot / "model.safetensors");
  CHECK(Checkpoint::open(snapshot).tensors().size() == 1);
  hub.write("models--x/secret.json", R"({"eos_token": "x"})");
  fs::create_symlink("../../secret.json", snapshot / "tokenizer_config.json");
  check_refused(kConfig, {"tokenizer_config.json", "outside"}, [&] {
    Checkpoint::open(snapshot);
  });
  fs::remove(snapshot / "tokenizer_config.json");
  fs::create_symlink("nowhere", snapshot / "generation_config.json");
  check_refused(
      kConfig, {"generation_config.json"}, [&] { Checkpoint::open(snapshot); });
}

} // namespace lockstep::checkpoint
