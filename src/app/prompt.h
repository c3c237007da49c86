#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/command_line.h"
#include "base/types.h"
#include "checkpoint/checkpoint.h"
#include "text/tokenizer.h"

namespace lockstep::app {

/// Where the prompt comes from and how it is dressed.
struct PromptOptions {
  std::string text; // -p
  std::string file; // --prompt-file, "-" for stdin
  std::string system;
  bool raw = false; // as it is: no chat template, control tokens parsed
};

void add_prompt_options(Command& command, PromptOptions& options);

/// The prompt's text. Throws Error{request} when it is empty or not UTF-8,
/// Error{usage} when it is given in no way or in two.
std::string read_prompt(const PromptOptions& options);

/// Everything readable from stdin. Throws Error{request} above 64 MB.
std::string read_stdin();

/// A text file that the user named. Throws Error{request}.
std::string read_user_file(const std::string& path);

/// The prompt as the model gets it: rendered by the model's chat template, or
/// as it is with `raw` and for models without a template.
std::vector<Token> encode_prompt(
    const PromptOptions& options,
    const std::string& prompt,
    const checkpoint::Checkpoint& checkpoint,
    const text::Tokenizer& tokenizer);

} // namespace lockstep::app
