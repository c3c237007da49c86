#include "world/collectives.h"

#include "base/error.h"

namespace lockstep::world {

namespace {

constexpr bool is_by_purpose() {
  for (std::size_t i = 0; i < kCollectives.size(); ++i) {
    if (static_cast<std::size_t>(kCollectives[i].purpose) != i) {
      return false;
    }
  }
  return true;
}
static_assert(is_by_purpose(), "collective_for() finds entries by their place");

} // namespace

void Order::check_place(Purpose purpose) const {
  const int place = static_cast<int>(purpose);
  bool in_order =
      place > last_ || (place == last_ && collective_for(purpose).repeats);
  for (int i = last_ + 1; i < place; ++i) {
    in_order =
        in_order && kCollectives[static_cast<std::size_t>(i)].is_optional;
  }
  if (!in_order) {
    fail(
        ErrorKind::internal,
        "collective \"{}\" begins after \"{}\", which is not its place",
        collective_for(purpose).name,
        last_ < 0 ? "nothing"
                  : kCollectives[static_cast<std::size_t>(last_)].name);
  }
}

void Order::precede(Purpose purpose) {
  check_place(purpose);
  announced_ = purpose;
}

void Order::enter(Purpose purpose, std::size_t bytes) {
  check_place(purpose);
  const auto& own = collective_for(purpose);
  if (announced_.value_or(purpose) != purpose) {
    fail(
        ErrorKind::internal,
        "collective \"{}\" begins after messages that belong to \"{}\"",
        own.name,
        collective_for(*announced_).name);
  }
  if (own.size == SizeRule::fixed && bytes != own.bytes) {
    fail(
        ErrorKind::internal,
        "this rank gives {} bytes to collective \"{}\", expected {}",
        bytes,
        own.name,
        own.bytes);
  }
  announced_.reset();
  last_ = static_cast<int>(purpose);
}

} // namespace lockstep::world
