#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "checkpoint/contents.h"
#include "checkpoint/limits.h"
#include "checkpoint/mlx_quantization.h"
#include "checkpoint/model_folder.h"
#include "checkpoint/stored_weights.h"
#include "checkpoint/tokenizer_files.h"
#include "checkpoint/weight_files.h"

namespace lockstep::checkpoint {

namespace {

constexpr const char* kConfig = "config.json";
constexpr const char* kGeneration = "generation_config.json";

void refuse_without_config(const ModelFolder& folder) {
  if (folder.has(kConfig)) {
    return;
  }
  const auto ggufs = folder.names_ending_in(".gguf");
  fail(
      ErrorKind::config,
      "{}: is missing{}",
      folder.shown_path(kConfig),
      ggufs.empty() ? std::string(", so this is no model directory")
                    : "; to run a GGUF file, name it: " +
                          folder.shown_path(ggufs.front()));
}

void add_id(Json& list, std::int64_t id) {
  if (std::find(list.begin(), list.end(), Json(id)) == list.end()) {
    list.push_back(id);
  }
}

// "eos_token_id" is an id, a list of ids, or absent.
void add_ends(const JsonReader& config, std::int64_t vocab, Json& list) {
  constexpr const char* kKey = "eos_token_id";
  if (!config.has(kKey)) {
    return;
  }
  const auto& value = config.at(kKey);
  const auto ids = value.is_array() ? value : Json::array({value});
  for (const auto& id : ids) {
    const Json one = {{kKey, id}};
    add_id(list, JsonReader(one, config.where()).integer(kKey, 0, vocab - 1));
  }
}

Json all_ends(
    const ModelFolder& folder,
    const JsonReader& config,
    TokenizerFiles& files) {
  const auto vocab = config.integer_or("vocab_size", kMaxRows, 1, kMaxRows);
  auto ends = Json::array();
  if (folder.has(kGeneration)) {
    const auto generation = folder.json(kGeneration, kMaxConfigBytes);
    add_ends(
        JsonReader(generation, folder.shown_path(kGeneration)), vocab, ends);
  }
  add_ends(config, vocab, ends);
  if (files.eos_id && *files.eos_id < vocab) {
    add_id(ends, *files.eos_id);
  }
  return ends;
}

} // namespace

Contents open_directory(const std::filesystem::path& path) {
  const auto folder = std::make_shared<const ModelFolder>(path);
  refuse_without_config(*folder);
  Contents contents;
  contents.config_origin = folder->shown_path(kConfig);
  contents.config = folder->json(kConfig, kMaxConfigBytes);
  auto files = read_tokenizer_files(*folder);
  contents.config["eos_token_id"] = all_ends(
      *folder, JsonReader(contents.config, contents.config_origin), files);
  const auto quantization =
      read_mlx_quantization(contents.config, contents.config_origin);
  auto weights = read_weight_files(*folder);
  contents.tensors = stored_weights(weights, quantization);
  contents.files = std::move(weights.files);
  contents.tokenizer_json = [folder] { return read_tokenizer_json(*folder); };
  contents.chat_template = std::move(files.chat_template);
  contents.bos_token = [text = files.bos_token] { return text; };
  contents.eos_token = [text = files.eos_token] { return text; };
  return contents;
}

} // namespace lockstep::checkpoint
