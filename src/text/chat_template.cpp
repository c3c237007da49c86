#include "text/chat_template.h"

#include <array>
#include <utility>

#include "base/error.h"
#include "text/border.h"

namespace lockstep::text {

struct ChatTemplate::Handle {
  struct Free {
    void operator()(LockstepTemplate* chat) const {
      lockstep_template_free(chat);
    }
  };
  std::unique_ptr<LockstepTemplate, Free> rust;
  OrderedJson tokens = OrderedJson::object();
};

namespace {

constexpr std::array kOwnVariables = {"messages", "add_generation_prompt"};

OrderedJson variables_of(
    const OrderedJson& tokens,
    const OrderedJson& messages,
    bool add_generation_prompt,
    const OrderedJson& extra) {
  if (!messages.is_array()) {
    fail(
        ErrorKind::request,
        "messages: is of type {}, expected an array",
        messages.type_name());
  }
  if (!extra.is_object()) {
    fail(
        ErrorKind::request,
        "template variables: are of type {}, expected an object",
        extra.type_name());
  }
  for (const auto* name : kOwnVariables) {
    if (extra.contains(name)) {
      fail(
          ErrorKind::request, "template variables: \"{}\" cannot be set", name);
    }
  }
  // Templates ask "tools is none": an absent variable would not be.
  OrderedJson variables = {{"tools", nullptr}, {"documents", nullptr}};
  variables.update(tokens);
  variables.update(extra);
  variables["messages"] = messages;
  variables["add_generation_prompt"] = add_generation_prompt;
  return variables;
}

} // namespace

ChatTemplate::ChatTemplate(
    std::string_view source, std::string bos_token, std::string eos_token)
    : handle_(std::make_unique<Handle>()) {
  LockstepText error{};
  handle_->rust.reset(
      lockstep_template_new(source.data(), source.size(), &error));
  if (!handle_->rust) {
    fail_with(ErrorKind::config, "chat template", error);
  }
  if (!bos_token.empty()) {
    handle_->tokens["bos_token"] = std::move(bos_token);
  }
  if (!eos_token.empty()) {
    handle_->tokens["eos_token"] = std::move(eos_token);
  }
}

ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;

std::string ChatTemplate::render(
    const OrderedJson& messages,
    bool add_generation_prompt,
    const OrderedJson& extra) const {
  std::string variables;
  try {
    variables =
        variables_of(handle_->tokens, messages, add_generation_prompt, extra)
            .dump();
  } catch (const OrderedJson::exception& e) {
    fail(ErrorKind::request, "messages: {}", e.what());
  }
  LockstepText text{};
  LockstepText error{};
  if (!lockstep_template_render(
          handle_->rust.get(),
          variables.data(),
          variables.size(),
          &text,
          &error)) {
    fail_with(ErrorKind::request, "chat template", error);
  }
  return take(text);
}

} // namespace lockstep::text
