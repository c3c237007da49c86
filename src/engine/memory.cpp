#include "engine/memory.h"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "mlx/device.h"
#include <fmt/format.h>

#include "base/error.h"
#include "base/host.h"
#include "base/json.h"
#include "base/units.h"
#include "world/gather_json.h"

namespace lockstep::engine {

namespace mx = mlx::core;

namespace {

/// What the system and other programs keep of a device's memory.
constexpr double kUsable = 0.95;

/// Memory of this rank's own GPU; 0 when it has none.
std::uint64_t gpu_memory_bytes() {
  const auto& info = mx::device_info(mx::default_device());
  const auto found = info.find("total_memory"); // CUDA's
  return found != info.end() &&
                 std::holds_alternative<std::size_t>(found->second)
             ? std::get<std::size_t>(found->second)
             : 0;
}

/// One rank's needs as all ranks know them.
struct RankNeeds {
  std::string device; // ranks of one share its memory
  std::string place;  // that device, for people
  std::uint64_t room = 0;
  std::uint64_t most = 0;
  std::uint64_t work = 0;
  std::uint64_t weights = 0;
  std::uint64_t reading = 0;
  std::uint64_t page = 0;

  std::uint64_t fixed() const { return weights + work; }
  std::uint64_t least() const { return fixed() + std::max(reading, page); }
};

std::vector<RankNeeds> gather_needs(
    const world::Group& group, const MemoryNeeds& needs) {
  const auto gpu = gpu_memory_bytes();
  const auto room = gpu > 0 ? gpu : host_memory_bytes();
  const auto host = host_name().substr(0, 200);
  const Json own{
      {"device", gpu > 0 ? fmt::format("{} GPU {}", host, group.rank()) : host},
      {"place", gpu > 0 ? "its GPU" : "this machine"},
      {"room", static_cast<double>(room) * kUsable},
      {"most", needs.most},
      {"work", needs.work},
      {"weights", needs.weights},
      {"reading", needs.reading},
      {"page", needs.page}};
  std::vector<RankNeeds> all;
  for (const auto& json :
       world::gather_json(group, world::Purpose::memory, own)) {
    auto& rank = all.emplace_back();
    rank.device = json.at("device");
    rank.place = json.at("place");
    rank.room = static_cast<std::uint64_t>(json.at("room").get<double>());
    rank.most = json.at("most");
    rank.work = json.at("work");
    rank.weights = json.at("weights");
    rank.reading = json.at("reading");
    rank.page = json.at("page");
  }
  return all;
}

/// Pages that fit under --max-memory.
std::uint64_t pages_under_limit(const RankNeeds& rank, int number) {
  if (rank.least() > rank.most) {
    fail(
        ErrorKind::memory,
        "--max-memory is {}, and rank {} needs at least {}: {} for weights, {} "
        "for its work and {} for keys and values; raise it, or take more ranks",
        format_bytes(rank.most),
        number,
        format_bytes(rank.least()),
        format_bytes(rank.weights),
        format_bytes(rank.work),
        format_bytes(rank.page));
  }
  return (rank.most - rank.fixed()) / rank.page;
}

/// Pages that each rank of a device can have beside the others' weights.
std::uint64_t pages_of_device(
    const std::vector<RankNeeds>& all, const RankNeeds& rank) {
  std::uint64_t fixed = 0;
  std::uint64_t page = 0;
  std::uint64_t least = 0;
  for (const auto& other : all) {
    if (other.device == rank.device) {
      fixed += other.fixed();
      page += other.page;
      least += other.least();
    }
  }
  if (least > rank.room) {
    fail(
        ErrorKind::memory,
        "the ranks on {} need {}, of which {} for weights and their work, and "
        "{} has {}; expected a smaller model, or more ranks on more {}",
        rank.device,
        format_bytes(least),
        format_bytes(fixed),
        rank.place,
        format_bytes(rank.room),
        rank.place == "its GPU" ? "GPUs" : "machines");
  }
  return (rank.room - fixed) / page;
}

} // namespace

MemoryPlan plan_memory(
    const world::Group& group, const MemoryNeeds& needs, std::int64_t wanted) {
  const auto all = gather_needs(group, needs);
  const auto places = static_cast<std::uint64_t>(needs.page_places);
  auto n_pages = (static_cast<std::uint64_t>(wanted) + places - 1) / places;
  int number = 0;
  for (const auto& rank : all) {
    if (rank.room > 0) { // where the system says so
      n_pages = std::min(n_pages, pages_of_device(all, rank));
    }
    if (rank.most > 0) {
      n_pages = std::min(n_pages, pages_under_limit(rank, number));
    }
    ++number;
  }
  MemoryPlan plan;
  plan.places = static_cast<std::int64_t>(n_pages * places);
  plan.total = needs.weights + needs.work +
               std::max(needs.reading, n_pages * needs.page);
  return plan;
}

} // namespace lockstep::engine
