#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "checkpoint/gguf.h"

namespace lockstep::checkpoint {

struct GgufHeader {
  std::map<std::string, GgufValue, std::less<>> metadata;
  std::vector<GgufTensor> tensors;
};

/// Reads and checks the header of `file`; throws as Gguf does.
GgufHeader read_gguf_header(const File& file);

} // namespace lockstep::checkpoint
