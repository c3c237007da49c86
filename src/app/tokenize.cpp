#include <cctype>
#include <charconv>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/command.h"
#include "app/model_path.h"
#include "app/output.h"
#include "app/prompt.h"
#include "base/error.h"
#include "base/json.h"
#include "checkpoint/checkpoint.h"
#include "text/chat_template.h"
#include "text/tokenizer.h"

namespace lockstep::app {

namespace {

using checkpoint::Checkpoint;

struct TokenizeOptions {
  std::string model;
  bool special = false;
  bool chat = false;
  bool json = false;
};

void print_tokens(const std::vector<Token>& tokens, bool json) {
  write_stdout(
      json ? Json{{"tokens", tokens}}.dump() + "\n"
           : fmt::format("{}\n", fmt::join(tokens, " ")));
}

int tokenize_chat(
    const TokenizeOptions& options,
    const Checkpoint& checkpoint,
    const text::Tokenizer& tokenizer) {
  const auto source = checkpoint.chat_template();
  if (!source) {
    fail(
        ErrorKind::config,
        "{} has no chat template",
        checkpoint.path().string());
  }
  const auto input = read_stdin();
  parse_json(input, "stdin"); // for its bounds
  const auto messages = text::OrderedJson::parse(input);
  if (!messages.is_array()) {
    fail(
        ErrorKind::request,
        "stdin: expected a JSON array of {{\"role\", \"content\"}} messages");
  }
  const text::ChatTemplate chat(
      *source, checkpoint.bos_token(), checkpoint.eos_token());
  const auto prompt = chat.render(messages, true);
  const auto tokens = tokenizer.encode(prompt, false, true);
  if (options.json) {
    write_stdout(Json{{"prompt", prompt}, {"tokens", tokens}}.dump() + "\n");
  } else {
    write_stdout(prompt + "\n");
    print_tokens(tokens, false);
  }
  return 0;
}

int tokenize(const TokenizeOptions& options) {
  const auto checkpoint = Checkpoint::open(find_model(options.model));
  const text::Tokenizer tokenizer(checkpoint.tokenizer_json());
  if (options.chat) {
    return tokenize_chat(options, checkpoint, tokenizer);
  }
  print_tokens(
      tokenizer.encode(read_stdin(), true, options.special), options.json);
  return 0;
}

Token parse_token(std::string_view text) {
  Token token = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), token);
  if (error != std::errc() || end != text.data() + text.size() || token < 0) {
    fail(
        ErrorKind::request,
        "stdin: \"{}\" is not a token id, expected whole numbers from 0",
        text);
  }
  return token;
}

/// Ids as `tokenize` prints them: numbers between spaces, commas or brackets,
/// or its JSON object.
std::vector<Token> parse_tokens(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '{') {
    const auto json = parse_json(text, "stdin");
    const auto found = json.find("tokens");
    if (found == json.end() || !found->is_array()) {
      fail(ErrorKind::request, "stdin: expected a key \"tokens\" with a list");
    }
    return parse_tokens(found->dump());
  }
  std::vector<Token> tokens;
  std::string word;
  for (const char c : text + " ") {
    const bool separates = std::isspace(static_cast<unsigned char>(c)) != 0 ||
                           c == ',' || c == '[' || c == ']';
    if (!separates) {
      word += c;
    } else if (!word.empty()) {
      tokens.push_back(parse_token(word));
      word.clear();
    }
  }
  return tokens;
}

int detokenize(const TokenizeOptions& options) {
  const auto checkpoint = Checkpoint::open(find_model(options.model));
  const text::Tokenizer tokenizer(checkpoint.tokenizer_json());
  const auto text =
      tokenizer.decode(parse_tokens(read_stdin()), !options.special);
  write_stdout(options.json ? Json{{"text", text}}.dump() + "\n" : text);
  return 0;
}

} // namespace

void add_tokenize(CommandLine& program) {
  auto options = std::make_shared<TokenizeOptions>();
  auto command = program.add("tokenize", "text on stdin to token ids");
  command.argument("MODEL", options->model, kModelHelp).required();
  const auto special = command.flag(
      "--special", options->special, "parse control tokens in the text");
  command
      .flag(
          "--chat",
          options->chat,
          "stdin holds messages as JSON; print the prompt too")
      .excludes(special);
  command.flag("--json", options->json, "print one JSON object");
  command.does([options] { return tokenize(*options); });
}

void add_detokenize(CommandLine& program) {
  auto options = std::make_shared<TokenizeOptions>();
  auto command = program.add("detokenize", "token ids on stdin to text");
  command.argument("MODEL", options->model, kModelHelp).required();
  command.flag(
      "--special", options->special, "show control tokens in the text");
  command.flag("--json", options->json, "print one JSON object");
  command.does([options] { return detokenize(*options); });
}

} // namespace lockstep::app
