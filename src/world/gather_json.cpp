#include "world/gather_json.h"

#include <fmt/format.h>

namespace lockstep::world {

std::vector<Json> gather_json(
    const Group& group, Purpose purpose, const Json& own) {
  std::vector<Json> all;
  for (const auto& text : group.gather_texts(
           purpose, own.dump(-1, ' ', true, Json::error_handler_t::replace))) {
    all.push_back(parse_json(
        text,
        fmt::format(
            "the {} of rank {}", collective_for(purpose).name, all.size())));
  }
  return all;
}

} // namespace lockstep::world
