#include "checkpoint/tokenizer_files.h"

#include "base/error.h"
#include "checkpoint/limits.h"

namespace lockstep::checkpoint {

namespace {

constexpr const char* kTokenizer = "tokenizer.json";
constexpr const char* kConfig = "tokenizer_config.json";
constexpr const char* kJinja = "chat_template.jinja";
constexpr const char* kJinjaJson = "chat_template.json";
constexpr std::uint64_t kMaxTokenizerBytes = std::uint64_t{256} << 20;
constexpr std::uint64_t kMaxTokenizerConfigBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kMaxTemplateBytes = std::uint64_t{4} << 20;

// A token is its text or an object with the text under "content".
std::string token_text(const JsonReader& config, const char* key) {
  if (!config.has(key)) {
    return {};
  }
  if (config.at(key).is_object()) {
    return config.object(key).string("content");
  }
  if (!config.at(key).is_string()) {
    config.refuse(key, "a string, or an object with \"content\"");
  }
  return config.string(key);
}

// One template, or a list of named ones with a "default".
std::optional<std::string> template_text(const JsonReader& config) {
  constexpr const char* kKey = "chat_template";
  if (!config.has(kKey)) {
    return std::nullopt;
  }
  const auto& value = config.at(kKey);
  if (value.is_string()) {
    return value.get<std::string>();
  }
  if (!value.is_array()) {
    config.refuse(kKey, "a string, or a list of named templates");
  }
  for (const auto& entry : value) {
    const JsonReader named(entry, config.where() + "." + kKey);
    if (named.string("name") == "default") {
      return named.string("template");
    }
  }
  return std::nullopt;
}

// The ids of added tokens stand here as keys: "2": {"content": "</s>", …}.
std::optional<Token> find_added(
    const JsonReader& config, const std::string& text) {
  constexpr const char* kKey = "added_tokens_decoder";
  if (text.empty() || !config.has(kKey)) {
    return std::nullopt;
  }
  const auto tokens = config.object(kKey);
  for (const auto& [id, entry] : config.at(kKey).items()) {
    const JsonReader token(entry, tokens.where() + "." + id);
    if (token.string("content") != text) {
      continue;
    }
    if (id.empty() || id.size() > 8 ||
        id.find_first_not_of("0123456789") != std::string::npos) {
      tokens.refuse(id.c_str(), "a token under its id as key");
    }
    return static_cast<Token>(std::stol(id));
  }
  return std::nullopt;
}

} // namespace

TokenizerFiles read_tokenizer_files(const ModelFolder& folder) {
  TokenizerFiles files;
  if (folder.has(kConfig)) {
    const auto json = folder.json(kConfig, kMaxTokenizerConfigBytes);
    const JsonReader config(json, folder.shown_path(kConfig));
    files.chat_template = template_text(config);
    files.bos_token = token_text(config, "bos_token");
    files.eos_token = token_text(config, "eos_token");
    files.eos_id = find_added(config, files.eos_token);
  }
  if (folder.has(kJinja)) {
    files.chat_template = folder.text(kJinja, kMaxTemplateBytes);
  } else if (folder.has(kJinjaJson)) {
    const auto json = folder.json(kJinjaJson, kMaxTemplateBytes);
    files.chat_template =
        template_text(JsonReader(json, folder.shown_path(kJinjaJson)));
  }
  return files;
}

std::string read_tokenizer_json(const ModelFolder& folder) {
  if (folder.has(kTokenizer)) {
    return folder.text(kTokenizer, kMaxTokenizerBytes);
  }
  if (folder.has("tokenizer.model")) {
    fail(
        ErrorKind::unsupported,
        "{}: there is only SentencePiece's tokenizer.model, which is not read "
        "here; make a tokenizer.json from it",
        folder.path().string());
  }
  fail(
      ErrorKind::config,
      "{}: is missing, so text cannot be turned into tokens",
      folder.shown_path(kTokenizer));
}

} // namespace lockstep::checkpoint
