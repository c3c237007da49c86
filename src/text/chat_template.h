#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace lockstep::text {

/// JSON that keeps the order of its keys: a template writes a client's tools
/// as the client wrote them. A plain Json converts to it, sorted by key.
using OrderedJson = nlohmann::ordered_json;

/// A model's Jinja chat template, run by minijinja as Hugging Face runs Jinja2
/// (trim_blocks, lstrip_blocks, Python's methods, tojson, raise_exception,
/// strftime_now), without I/O and with bounds: about a million steps and 64 MB
/// of data and 8 MB of output, each growing with the input, 64 levels of
/// recursion. Immutable; may be shared between threads.
class ChatTemplate {
 public:
  /// Throws Error{config} with the template's line and reason. An empty token
  /// is not defined in the template.
  ChatTemplate(
      std::string_view source, std::string bos_token, std::string eos_token);
  ~ChatTemplate();
  ChatTemplate(ChatTemplate&&) noexcept;
  ChatTemplate& operator=(ChatTemplate&&) noexcept;

  /// `messages` is a JSON array of {"role", "content", …}; `extra` an object
  /// of further variables ("tools", "enable_thinking", …; "tools" and
  /// "documents" are none when absent). All text in them is data, never
  /// template source. Throws Error{request} when the template refuses
  /// (raise_exception), fails or exceeds a bound.
  std::string render(
      const OrderedJson& messages,
      bool add_generation_prompt,
      const OrderedJson& extra = OrderedJson::object()) const;

 private:
  struct Handle;
  std::unique_ptr<Handle> handle_;
};

} // namespace lockstep::text
