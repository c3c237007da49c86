#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mlx/array.h"
#include "mlx/distributed/distributed.h"
#include "mlx/stream.h"

#include "base/backend.h"
#include "world/collectives.h"

namespace lockstep::world {

namespace mx = mlx::core;

/// The ranks that move in lockstep. A group that has reported an error is
/// finished: the process must end. Main thread only.
///
/// Each collective is one of world/collectives' table; one that is not at its
/// place there, or not of its size, throws Error{internal}. Copies of a group
/// are the same group.
class Group {
 public:
  /// One rank, no back end.
  static Group alone();

  /// Joins the world that the launcher's environment describes. `size` is how
  /// many ranks there must be, 0 = as many as there are. Throws Error{network}
  /// naming the back end when it is missing or does not come up, or when the
  /// size is another.
  static Group join(Backend backend, int size);

  int rank() const { return rank_; }
  int size() const { return size_; }
  bool is_first() const { return rank_ == 0; }
  bool is_last() const { return rank_ == size_ - 1; }
  Backend backend() const { // automatic when alone
    return backend_;
  }

  /// The arrays of all ranks, [size, …x's shape], evaluated. `x` must have the
  /// same shape and type everywhere. Throws Error{peer_lost}.
  mx::array all_gather(Purpose purpose, const mx::array& x) const;
  /// Elementwise sum over all ranks, evaluated. Throws Error{peer_lost}.
  mx::array all_sum(Purpose purpose, const mx::array& x) const;
  mx::array all_max(Purpose purpose, const mx::array& x) const;
  mx::array all_min(Purpose purpose, const mx::array& x) const;

  /// Every rank's text, cut to the bytes that the table has for the purpose.
  std::vector<std::string> gather_texts(
      Purpose purpose, const std::string& text) const;

 private:
  Group() = default;
  template <class Operation>
  mx::array run(
      const char* name,
      Purpose purpose,
      const mx::array& x,
      Operation op) const;

  int rank_ = 0;
  int size_ = 1;
  Backend backend_ = Backend::automatic;
  std::optional<mx::distributed::Group> group_;
  std::optional<mx::Stream> stream_; // the one stream of all collectives
  std::shared_ptr<Order> order_ = std::make_shared<Order>();
};

} // namespace lockstep::world
