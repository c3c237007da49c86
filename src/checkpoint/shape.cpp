#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "checkpoint/contents.h"
#include "checkpoint/limits.h"

namespace lockstep::checkpoint {

Contents open_shape(const std::filesystem::path& path) {
  Contents contents;
  contents.config_origin = path.string();
  contents.config =
      parse_json(read_text_file(path, kMaxConfigBytes), path.string());
  if (!contents.config.is_object()) {
    fail(
        ErrorKind::config,
        "{}: is {}, expected a JSON object in the form of a model's "
        "config.json",
        path.string(),
        shown(contents.config));
  }
  contents.config["eos_token_id"] = Json::array();
  contents.tokenizer_json = [origin = path.string()]() -> std::string {
    fail(
        ErrorKind::unsupported,
        "{}: is the shape of a model and has no tokenizer; give token ids",
        origin);
  };
  contents.bos_token = [] { return std::string(); };
  contents.eos_token = [] { return std::string(); };
  return contents;
}

} // namespace lockstep::checkpoint
