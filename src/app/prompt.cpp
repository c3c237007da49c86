#include "app/prompt.h"

#include <array>
#include <cerrno>
#include <cstring>

#include <unistd.h>

#include "app/output.h"
#include "base/error.h"
#include "base/file.h"
#include "base/utf8.h"
#include "text/chat_template.h"

namespace lockstep::app {

namespace {

constexpr std::size_t kMostPromptBytes = std::size_t{64} << 20;

std::string read_given_prompt(const PromptOptions& options) {
  if (options.file.empty()) {
    return options.text;
  }
  return options.file == "-" ? read_stdin() : read_user_file(options.file);
}

} // namespace

void add_prompt_options(Command& command, PromptOptions& options) {
  const auto text =
      command.value("-p,--prompt", "TEXT", options.text, "the prompt");
  command
      .value(
          "--prompt-file",
          "F",
          options.file,
          "read the prompt from F, - for stdin")
      .excludes(text);
  const auto system = command.value(
      "--system", "TEXT", options.system, "instructions that come first");
  command
      .flag(
          "--raw",
          options.raw,
          "the prompt as it is, without the chat template")
      .excludes(system);
}

std::string read_user_file(const std::string& path) {
  try {
    return read_text_file(path, kMostPromptBytes);
  } catch (const Error& e) {
    fail(ErrorKind::request, "{}", e.what());
  }
}

std::string read_stdin() {
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      fail(ErrorKind::usage, "cannot read stdin: {}", std::strerror(errno));
    }
    if (n == 0) {
      return text;
    }
    text.append(buffer.data(), static_cast<std::size_t>(n));
    if (text.size() > kMostPromptBytes) {
      fail(
          ErrorKind::request,
          "stdin has more than {} bytes, the most lockstep reads",
          kMostPromptBytes);
    }
  }
}

std::string read_prompt(const PromptOptions& options) {
  auto prompt = read_given_prompt(options);
  if (prompt.empty()) {
    fail(
        ErrorKind::request,
        "the prompt is empty; give one with -p TEXT or --prompt-file F "
        "(- for stdin)");
  }
  if (const auto place = find_invalid_utf8(prompt)) {
    fail(
        ErrorKind::request,
        "the prompt is not UTF-8: byte {} is 0x{:02x}",
        *place,
        static_cast<unsigned char>(prompt[*place]));
  }
  return prompt;
}

std::vector<Token> encode_prompt(
    const PromptOptions& options,
    const std::string& prompt,
    const checkpoint::Checkpoint& checkpoint,
    const text::Tokenizer& tokenizer) {
  const auto source = checkpoint.chat_template();
  if (options.raw || !source) {
    if (!options.system.empty()) {
      fail(
          ErrorKind::request,
          "--system needs a chat template and {} has none",
          checkpoint.path().string());
    }
    return tokenizer.encode(prompt, true, options.raw);
  }
  const text::ChatTemplate chat(
      *source, checkpoint.bos_token(), checkpoint.eos_token());
  auto messages = text::OrderedJson::array();
  if (!options.system.empty()) {
    messages.push_back({{"role", "system"}, {"content", options.system}});
  }
  messages.push_back({{"role", "user"}, {"content", prompt}});
  // The template writes what the model expects around a text by itself.
  return tokenizer.encode(chat.render(messages, true), false, true);
}

} // namespace lockstep::app
