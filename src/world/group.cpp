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

mx::Stream stream_for(Backend backend) {
  // NCCL works on GPU memory; the others read host memory on a CPU stream.
  return mx::default_stream(
      backend == Backend::nccl ? mx::Device(mx::Device::gpu)
                               : mx::Device(mx::Device::cpu));
}

} // namespace

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
  joined.stream_ = stream_for(backend);
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
    fail(
        ErrorKind::peer_lost,
        "rank {}: {} of the {} failed, a peer is lost: {}",
        rank_,
        name,
        collective_for(purpose).name,
        e.what());
  }
}

mx::array Group::all_gather(Purpose purpose, const mx::array& x) const {
  return run("all_gather", purpose, x, [this](const mx::array& own) {
    auto shape = own.shape();
    shape.insert(shape.begin(), size_);
    if (!group_ || size_ == 1) {
      return mx::reshape(own, shape);
    }
    const auto flat = mx::flatten(own, *stream_);
    return mx::reshape(
        mx::distributed::all_gather(flat, group_, *stream_), shape, *stream_);
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
