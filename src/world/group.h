#pragma once

#include <exception>
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

/// Where the collectives of a group find arrays and leave them: NCCL on the GPU,
/// the others in host memory.
enum class Memory { host, device };

/// What a rank is to receive.
struct Due {
  mx::Shape shape;
  mx::Dtype dtype = mx::float32;
};

/// Whether MLX has a back end here.
bool is_available(Backend backend);

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
  Memory memory() const {
    return backend_ == Backend::nccl ? Memory::device : Memory::host;
  }

  /// The arrays of all ranks, one after the other along the first axis,
  /// evaluated. `x` must have the same shape and type everywhere. Throws
  /// Error{peer_lost}.
  mx::array all_gather(Purpose purpose, const mx::array& x) const;
  /// Elementwise sum over all ranks, evaluated. Throws Error{peer_lost}.
  mx::array all_sum(Purpose purpose, const mx::array& x) const;
  mx::array all_max(Purpose purpose, const mx::array& x) const;
  mx::array all_min(Purpose purpose, const mx::array& x) const;

  /// Sends `on` to the next rank and takes an array of `due`'s shape and type
  /// from the rank before; either may be missing, but not at one end of a
  /// message alone. Only begun when it returns: it is done when the collective
  /// that it belongs to is, this group's next one, of the same purpose. All
  /// back ends have it but NCCL. Throws Error{peer_lost}. Cannot deadlock: see
  /// docs/tick.md.
  std::optional<mx::array> shift(
      Purpose purpose,
      const std::optional<mx::array>& on,
      const std::optional<Due>& due) const;

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
  [[noreturn]] void lost_peer(
      const char* name, Purpose purpose, const std::exception& cause) const;

  int rank_ = 0;
  int size_ = 1;
  Backend backend_ = Backend::automatic;
  std::optional<mx::distributed::Group> group_;
  std::optional<mx::Stream> stream_; // the one stream of all collectives
  std::shared_ptr<Order> order_ = std::make_shared<Order>();
};

} // namespace lockstep::world
