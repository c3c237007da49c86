#include "world/group.h"

#include <algorithm>
#include <cstdint>
#include <exception>

#include "mlx/distributed/ops.h"
#include "mlx/ops.h"
#include "mlx/transforms.h"

#include "base/error.h"

namespace lockstep::world {

namespace {

mx::Stream stream_for(Memory memory) {
  return mx::default_stream(
      memory == Memory::device ? mx::Device(mx::Device::gpu)
                               : mx::Device(mx::Device::cpu));
}

} // namespace

bool is_available(Backend backend) {
  return mx::distributed::is_available(std::string(name_of(backend)));
}

Group Group::alone() {
  return Group();
}

Group Group::join(Backend backend, int size) {
  const auto name = std::string(name_of(backend));
  if (!mx::distributed::is_available(name)) {
    fail(
        ErrorKind::network,
        "the {} back end is not available: this MLX was built without it or "
        "its library is missing",
        name);
  }
  Group joined;
  try {
    joined.group_ = mx::distributed::init(true, name);
  } catch (const std::exception& e) {
    fail(
        ErrorKind::network, "the {} world did not come up: {}", name, e.what());
  }
  joined.backend_ = backend;
  joined.rank_ = joined.group_->rank();
  joined.size_ = joined.group_->size();
  joined.stream_ = stream_for(joined.memory());
  if (size > 0 && joined.size_ != size) {
    fail(
        ErrorKind::network,
        "the {} world has {} ranks, expected {}",
        name,
        joined.size_,
        size);
  }
  return joined;
}

template <class Operation>
mx::array Group::run(
    const char* name, Purpose purpose, const mx::array& x, Operation op) const {
  order_->enter(purpose, x.nbytes());
  try {
    auto result = op(x);
    mx::eval(result);
    return result;
  } catch (const std::exception& e) {
    lost_peer(name, purpose, e);
  }
}

void Group::lost_peer(
    const char* name, Purpose purpose, const std::exception& cause) const {
  fail(
      ErrorKind::peer_lost,
      "rank {}: {} of the {} failed, a peer is lost: {}",
      rank_,
      name,
      collective_for(purpose).name,
      cause.what());
}

mx::array Group::all_gather(Purpose purpose, const mx::array& x) const {
  return run("all_gather", purpose, x, [this](const mx::array& own) {
    return group_ ? mx::distributed::all_gather(own, group_, *stream_) : own;
  });
}

mx::array Group::all_sum(Purpose purpose, const mx::array& x) const {
  return run("all_sum", purpose, x, [this](const mx::array& own) {
    return group_ ? mx::distributed::all_sum(own, group_, *stream_) : own;
  });
}

mx::array Group::all_max(Purpose purpose, const mx::array& x) const {
  return run("all_max", purpose, x, [this](const mx::array& own) {
    return group_ ? mx::distributed::all_max(own, group_, *stream_) : own;
  });
}

mx::array Group::all_min(Purpose purpose, const mx::array& x) const {
  return run("all_min", purpose, x, [this](const mx::array& own) {
    return group_ ? mx::distributed::all_min(own, group_, *stream_) : own;
  });
}

std::optional<mx::array> Group::shift(
    Purpose purpose,
    const std::optional<mx::array>& on,
    const std::optional<Due>& due) const {
  order_->precede(purpose);
  std::optional<mx::array> received;
  const auto send = [&] {
    if (on) {
      mx::async_eval(mx::distributed::send(*on, rank_ + 1, group_, *stream_));
    }
  };
  const auto receive = [&] {
    if (due) {
      received = mx::distributed::recv(
          due->shape, due->dtype, rank_ - 1, group_, *stream_);
      mx::async_eval(*received);
    }
  };
  try {
    // A send may wait for its receiver, so of two neighbours one must receive
    // while the other sends. The stream does them in this order.
    if (rank_ % 2 == 0) {
      send();
      receive();
    } else {
      receive();
      send();
    }
  } catch (const std::exception& e) {
    lost_peer("send or receive", purpose, e);
  }
  return received;
}

std::vector<std::string> Group::gather_texts(
    Purpose purpose, const std::string& text) const {
  std::vector<std::uint8_t> bytes(collective_for(purpose).bytes, 0);
  std::copy_n(text.begin(), std::min(text.size(), bytes.size()), bytes.begin());
  const int width = static_cast<int>(bytes.size());
  const auto all =
      all_gather(purpose, mx::array(bytes.data(), {width}, mx::uint8));
  std::vector<std::string> texts;
  for (int r = 0; r < size_; ++r) {
    const auto* begin =
        all.data<std::uint8_t>() + static_cast<std::ptrdiff_t>(r) * width;
    texts.emplace_back(begin, std::find(begin, begin + width, 0));
  }
  return texts;
}

} // namespace lockstep::world
