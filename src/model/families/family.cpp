#include "model/families/family.h"

#include <array>
#include <string>

#include "base/error.h"
#include "model/families/llama.h"

namespace lockstep::model {

const Family& find_family(std::string_view model_type) {
  static constexpr std::array kFamilies{&kLlama};
  std::string known;
  for (const auto* family : kFamilies) {
    if (family->name == model_type) {
      return *family;
    }
    known += (known.empty() ? "" : ", ") + std::string(family->name);
  }
  fail(
      ErrorKind::unsupported,
      "model family \"{}\" is not known; known are: {}",
      model_type,
      known);
}

const Family& family_of(const checkpoint::Checkpoint& checkpoint) {
  const JsonReader config(checkpoint.config(), checkpoint.config_origin());
  return find_family(config.string("model_type"));
}

} // namespace lockstep::model
