#include "text/border.h"

#include <algorithm>
#include <utility>

namespace lockstep::text {

namespace {

class Freed {
 public:
  explicit Freed(LockstepText text) : text_(text) {}
  ~Freed() { lockstep_text_free(text_); }
  Freed(const Freed&) = delete;
  Freed& operator=(const Freed&) = delete;

  std::string copy() const {
    return text_.size == 0 ? std::string()
                           : std::string(text_.data, text_.size);
  }

 private:
  LockstepText text_;
};

} // namespace

std::string take(LockstepText& text) {
  return Freed(std::exchange(text, LockstepText{})).copy();
}

void fail_with(ErrorKind kind, std::string_view where, LockstepText& reason) {
  auto text = take(reason);
  std::replace(text.begin(), text.end(), '\n', ' ');
  fail(kind, "{}: {}", where, text);
}

} // namespace lockstep::text
