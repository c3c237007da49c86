#include <memory>
#include <string>
#include <utility>

#include "base/error.h"
#include "checkpoint/contents.h"
#include "checkpoint/gguf.h"
#include "checkpoint/gguf_config.h"
#include "checkpoint/gguf_names.h"
#include "checkpoint/gguf_tokenizer.h"
#include "checkpoint/quantization.h"

namespace lockstep::checkpoint {

namespace {

int heads_of(const Json& config, Heads heads) {
  switch (heads) {
    case Heads::query:
      return config.at("num_attention_heads").get<int>();
    case Heads::key:
      return config.at("num_key_value_heads").get<int>();
    case Heads::none:
      break;
  }
  return 0;
}

TensorInfo make_info(
    const GgufTensor& tensor, const Json& config, const std::string& where) {
  const auto name =
      hf_name(tensor.name, config.at("model_type").get<std::string>());
  TensorInfo info;
  info.name = name.name;
  info.shape = tensor.shape;
  info.dtype = tensor.type.dtype;
  info.encoding = tensor.type.encoding;
  if (info.encoding != Encoding::dense) {
    info.affine = block_affine(info.encoding);
  }
  info.ranges = {{0, tensor.offset, tensor.bytes}};
  info.interleaved_heads = heads_of(config, name.interleaved);
  if (info.interleaved_heads != 0 &&
      info.shape.front() % (2 * info.interleaved_heads) != 0) {
    fail(
        ErrorKind::config,
        "{}: tensor {}: has {} rows, expected an even number for each of {} "
        "heads",
        where,
        shown(tensor.name),
        info.shape.front(),
        info.interleaved_heads);
  }
  return info;
}

} // namespace

Contents open_gguf(const std::filesystem::path& path) {
  const auto gguf =
      std::make_shared<const Gguf>(std::make_shared<const File>(path));
  Contents contents;
  contents.config_origin = path.string() + ": metadata";
  contents.config = gguf_config(*gguf);
  contents.files = {gguf->shared_file()};
  for (const auto& tensor : gguf->tensors()) {
    contents.tensors.push_back(
        make_info(tensor, contents.config, path.string()));
  }
  contents.tokenizer_json = [gguf] { return gguf_tokenizer_json(*gguf); };
  constexpr const char* kTemplate = "tokenizer.chat_template";
  if (gguf->has(kTemplate)) {
    contents.chat_template = gguf->string(kTemplate);
  }
  contents.bos_token = [gguf] {
    return gguf_token_text(*gguf, "tokenizer.ggml.bos_token_id");
  };
  contents.eos_token = [gguf] {
    return gguf_token_text(*gguf, "tokenizer.ggml.eos_token_id");
  };
  return contents;
}

} // namespace lockstep::checkpoint
