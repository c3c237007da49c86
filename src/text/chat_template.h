#pragma once

#include <memory>
#include <string>

#include "base/json.h"

namespace lockstep::text {

/// A model's Jinja chat template, run by minijinja without I/O and with bounds
/// on steps, depth and output. Immutable; may be shared between threads.
class ChatTemplate {
 public:
  /// Throws Error{config} with the template's line and reason.
  ChatTemplate(
      const std::string& source,
      std::string bos_token,
      std::string eos_token);
  ~ChatTemplate();
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;

  /// `messages` is a JSON array of {"role", "content", …}; `extra` an object
  /// of further variables ("tools", "enable_thinking", …). Throws
  /// Error{request} when the template refuses (raise_exception) or exceeds a
  /// bound.
  std::string render(
      const Json& messages,
      bool add_generation_prompt,
      const Json& extra = Json::object()) const;

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

} // namespace lockstep::text
