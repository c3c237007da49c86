#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "launch/lines.h"

namespace lockstep::launch {

/// What mpirun says of its own, kept from the user's eyes: after every failure
/// it tells at length what we tell in a line. It is the one source for how a
/// rank ended, as its ranks are not our children. On hosts the shells around
/// the ranks say it too (launch/host_mpi).
class Chatter {
 public:
  struct End {
    int rank = 0;
    RankEnd how;
  };

  /// How ssh to a host ended, by our own word among mpirun's (launch/host_mpi).
  struct WayEnd {
    std::string host;
    int exit_code = 0;
    std::string said; // before it

    /// By ssh itself; any other code is that of what ran there.
    bool is_lost() const;
  };

  /// Keeps the first 64 KiB.
  void add(std::string_view bytes);

  /// How the first rank that failed ended: one that was killed, by its shell's
  /// word, else the one mpirun names, else any by its shell's word. Nothing
  /// when nothing of the kind is said (that we understand) of these ranks.
  std::optional<End> end(int n_ranks) const;
  /// Of several the first that was lost, else the first that failed.
  std::optional<WayEnd> way_end() const;
  /// What the rank wrote before the control link took over, as far as mpirun
  /// tells whose lines are whose.
  std::string said_by(int rank) const;

  /// What remains for a person when its usual words are taken away, indented,
  /// the last lines of it; may be empty.
  std::string remarks() const;

 private:
  std::optional<End> end_by_shells(int n_ranks) const;
  std::optional<End> end_by_mpirun(int n_ranks) const;

  std::string text_;
};

} // namespace lockstep::launch
