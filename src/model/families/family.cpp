#include "model/families/family.h"

#include <array>
#include <string>

#include "base/error.h"
#include "model/families/llama.h"

namespace lockstep::model {

const Family& family_of(const checkpoint::Checkpoint& checkpoint) {
  static constexpr std::array kFamilies{&kLlama};
  constexpr const char* kKey = "model_type";
  const JsonReader config(checkpoint.config(), checkpoint.config_origin());
  const auto model_type = config.string(kKey);
  std::string known;
  for (const auto* family : kFamilies) {
    if (family->name == model_type) {
      return *family;
    }
    known += (known.empty() ? "" : ", ") + std::string(family->name);
  }
  fail(
      ErrorKind::unsupported,
      "{}: key \"{}\" is {}, a model family that is not known; known are: {}",
      config.where(),
      kKey,
      shown(config.at(kKey)),
      known);
}

} // namespace lockstep::model
