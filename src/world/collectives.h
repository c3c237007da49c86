#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace lockstep::world {

/// What ranks meet for in a collective; in the order of kCollectives.
enum class Purpose {
  versions,
  hosts,
  facts,
  trial,
  memory,
  choice,
  exchange,
  report,
};

/// From what each rank knows the size of a collective before it begins it.
enum class SizeRule {
  fixed,    // from the table
  agreed,   // from options that all ranks have, and agreed collectives before
  promised, // from the headers of the exchanges before
};

struct Collective {
  Purpose purpose = Purpose::versions;
  std::string_view name;
  bool is_optional = false; // left out by all ranks or by none
  bool repeats = false;     // several, one after the other
  SizeRule size = SizeRule::fixed;
  std::size_t bytes = 0; // fixed: given by each rank
};

/// All collectives in the life of a world, in their order: there are no others.
/// The model that is proved to keep this order is made from the same table
/// (tools/prove).
inline constexpr std::array kCollectives{
    Collective{Purpose::versions, "versions", true, true, SizeRule::fixed, 128},
    Collective{Purpose::hosts, "hosts", true, false, SizeRule::fixed, 512},
    Collective{Purpose::facts, "facts", false, true, SizeRule::fixed, 128},
    Collective{Purpose::trial, "trial", true, true, SizeRule::agreed, 0},
    Collective{Purpose::memory, "memory", false, false, SizeRule::fixed, 512},
    Collective{Purpose::choice, "choice", true, true, SizeRule::agreed, 0},
    Collective{
        Purpose::exchange, "exchange", false, true, SizeRule::promised, 0},
    Collective{Purpose::report, "report", false, false, SizeRule::fixed, 1024}};

constexpr const Collective& collective_for(Purpose purpose) {
  return kCollectives[static_cast<std::size_t>(purpose)];
}

/// How far one rank has come in the order.
class Order {
 public:
  /// Books a collective that is about to begin, in which this rank gives so
  /// many bytes. Throws Error{internal} when the table has another one, or
  /// another size, at this place.
  void enter(Purpose purpose, std::size_t bytes);
  /// Messages between neighbours are about to begin, which belong to the next
  /// collective. Throws Error{internal} when it is at another place.
  void precede(Purpose purpose);

 private:
  void check_place(Purpose purpose) const;

  int last_ = -1;                    // entry of the table
  std::optional<Purpose> announced_; // by messages
};

} // namespace lockstep::world
