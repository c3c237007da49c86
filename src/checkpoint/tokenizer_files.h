#pragma once

#include <optional>
#include <string>

#include "base/types.h"
#include "checkpoint/model_folder.h"

namespace lockstep::checkpoint {

/// What the files beside tokenizer.json say.
struct TokenizerFiles {
  std::optional<std::string> chat_template;
  std::string bos_token;
  std::string eos_token;
  std::optional<Token> eos_id; // when the files give it
};

/// Reads chat_template.jinja, chat_template.json and tokenizer_config.json, as
/// far as they are there. Throws Error{config} naming file and key.
TokenizerFiles read_tokenizer_files(const ModelFolder& folder);

/// The text of tokenizer.json; throws Error{unsupported} when there is only a
/// SentencePiece file, and Error{config} when there is none.
std::string read_tokenizer_json(const ModelFolder& folder);

} // namespace lockstep::checkpoint
