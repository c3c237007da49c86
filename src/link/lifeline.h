#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "link/message.h"
#include "link/secret.h"

namespace lockstep::link {

/// The variable in which a launcher gives its ranks the address of the control
/// link: "unix:/path", or "tcp:address:port" for ranks on other hosts, which
/// need kSecretVariable too.
inline constexpr char kLifelineVariable[] = "LOCKSTEP_LIFELINE";

class Watch;

/// The rank's end of the link to whoever started it. A thread of its own
/// watches: when the launcher (or, without one, the parent process) is gone,
/// the process ends at once by _exit(71), whatever the main thread waits for.
///
/// All methods belong to the main thread. Make it before MLX is touched and
/// before other threads start, and keep it until the process ends.
class Lifeline {
 public:
  /// Connects when LOCKSTEP_LIFELINE is set. Else there is no launcher, and
  /// from hello() on a rank of a group (size > 1) watches its parent process.
  /// Takes the secret out of the environment. Throws Error{network} when the
  /// launcher cannot be reached and Error{usage} when the address is not one.
  static Lifeline from_environment();
  /// A connection to a launcher at `address`; SIGPIPE is ignored from then on.
  static Lifeline connect(
      const std::string& address,
      const std::optional<Secret>& secret = std::nullopt);

  Lifeline(Lifeline&&) noexcept;
  Lifeline& operator=(Lifeline&&) = delete;
  ~Lifeline();

  /// True when our launcher is at the other end.
  bool has_launcher() const;
  /// It would hear and show the text of goodbye(), so a rank that fails prints
  /// nothing itself.
  bool is_heard() const;

  /// Says who this is and waits for the launcher's welcome. Takes over the
  /// launcher's stdin, stdout and stderr if they come along (so that nothing
  /// stands between this rank and the terminal); from another host they are
  /// sent over this link from now on. Call it once, first. Throws
  /// Error{network} when the answer does not come in `patience`.
  void hello(
      int rank,
      int size,
      std::chrono::milliseconds patience = std::chrono::seconds(30));

  /// Call right before the group is formed: returns when it is this rank's
  /// turn. Back ends whose ranks must listen before others connect need it.
  /// `port` is where this rank will listen when the launcher does not know yet;
  /// then comes back where the others are (launch/seat).
  std::string await_turn(int port = 0);

  /// What this rank is doing ("loading", "generating"), for the line that
  /// tells of its loss. Must be a literal. Told at once when it is another
  /// one than before, else it costs an atomic exchange.
  void set_phase(const char* literal) noexcept;
  /// The tick under way, told a few times a second. One relaxed store: call
  /// it every tick.
  void set_tick(std::uint64_t tick) noexcept;
  /// What it does in it, so that who computes long is told from who waits for
  /// ever. One relaxed store.
  void set_step(Step step) noexcept;

  /// The last word before the process ends, so that an end is not taken for a
  /// loss. With a text it has failed: the launcher shows the text and ends the
  /// others. Without, it is done, whatever the code, and the others may finish.
  /// Code 71 with a text says that a peer is lost, so the launcher looks for a
  /// better cause. Only the first call counts, also before hello(). Returns
  /// once the message is with the kernel, or after a second; never throws. The
  /// launcher goes on being watched: under MPI the end of the process is a
  /// collective too.
  void goodbye(int code, std::string_view text) noexcept;

 private:
  explicit Lifeline(std::unique_ptr<Watch> watch);
  std::unique_ptr<Watch> watch_;
};

} // namespace lockstep::link
