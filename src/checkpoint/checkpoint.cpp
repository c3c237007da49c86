#include "checkpoint/checkpoint.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/file.h"
#include "checkpoint/brought.h"
#include "checkpoint/config_check.h"
#include "checkpoint/contents.h"
#include "checkpoint/fingerprint.h"
#include "checkpoint/random_tensor.h"
#include "checkpoint/random_weights.h"
#include "checkpoint/spans.h"
#include "checkpoint/tensor_reader.h"

namespace lockstep::checkpoint {

struct Checkpoint::State {
  std::filesystem::path path;
  Contents contents;
  std::uint64_t fingerprint = 0;
  /// Of each file the bytes that are here, when the model came in part.
  std::vector<std::vector<Span>> held;
  std::atomic<std::uint64_t> bytes_read{0};

  /// Refuses a tensor whose bytes are not here.
  void require(const TensorInfo& info) const;

  /// Checks what all layouts have in common.
  static Checkpoint of(const std::filesystem::path& path, Contents contents);
};

namespace {

void sort_by_name(Contents& contents, const std::string& where) {
  auto& tensors = contents.tensors;
  std::sort(
      tensors.begin(),
      tensors.end(),
      [](const TensorInfo& a, const TensorInfo& b) { return a.name < b.name; });
  const auto twice = std::adjacent_find(
      tensors.begin(),
      tensors.end(),
      [](const TensorInfo& a, const TensorInfo& b) {
        return a.name == b.name;
      });
  if (twice != tensors.end()) {
    fail(
        ErrorKind::config,
        "{}: tensor {} is there twice",
        where,
        shown(twice->name));
  }
}

std::vector<std::vector<Span>> held_of(const Contents& contents) {
  std::vector<std::vector<Span>> held;
  if (contents.files.empty()) {
    return held;
  }
  const auto brought =
      read_brought(contents.files.front()->path().parent_path() / kBroughtName);
  for (const auto& file : contents.files) {
    const auto* known =
        brought ? brought->find(file->path().filename().string()) : nullptr;
    held.push_back(
        known != nullptr ? known->held() : merged({{0, file->size()}}));
  }
  return held;
}

} // namespace

void Checkpoint::State::require(const TensorInfo& info) const {
  for (const auto& range : info.ranges) {
    const auto file = static_cast<std::size_t>(range.file);
    if (!covers(held[file], {range.offset, range.bytes})) {
      fail(
          ErrorKind::config,
          "{}: tensor {} did not come to this machine, as its layers were "
          "others when the model was brought; run lockstep push again",
          contents.files[file]->path().string(),
          shown(info.name));
    }
  }
}

Checkpoint Checkpoint::State::of(
    const std::filesystem::path& path, Contents contents) {
  check_config(contents.config, contents.config_origin);
  sort_by_name(contents, path.string());
  check_layer_numbers(contents.config, contents.tensors, path.string());
  auto state = std::make_shared<State>();
  state->path = path;
  state->fingerprint = fingerprint_of(contents);
  state->held = held_of(contents);
  state->contents = std::move(contents);
  return Checkpoint(std::move(state));
}

std::size_t dtype_bytes(Dtype dtype) {
  return dtype == Dtype::f32 ? 4 : 2;
}

const char* dtype_name(Dtype dtype) {
  switch (dtype) {
    case Dtype::f32:
      return "F32";
    case Dtype::f16:
      return "F16";
    case Dtype::bf16:
      break;
  }
  return "BF16";
}

std::uint64_t TensorInfo::stored_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& range : ranges) {
    sum += range.bytes;
  }
  return sum;
}

Checkpoint::Checkpoint(std::shared_ptr<State> state)
    : state_(std::move(state)) {
}

Checkpoint Checkpoint::open(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) {
    fail(
        ErrorKind::config,
        "{}: no such model, expected a directory with config.json and "
        "safetensors files, or a .gguf file",
        path.string());
  }
  return State::of(
      path,
      std::filesystem::is_directory(status) ? open_directory(path)
                                            : open_gguf(path));
}

Checkpoint Checkpoint::open_shape(const std::filesystem::path& path) {
  return State::of(path, checkpoint::open_shape(path));
}

Checkpoint Checkpoint::with_random_weights(
    const std::vector<TensorNeed>& needs) const {
  auto contents = state_->contents;
  contents.tensors =
      random_weights(contents.config, contents.config_origin, needs);
  contents.make = random_tensor;
  return State::of(path(), std::move(contents));
}

const std::filesystem::path& Checkpoint::path() const {
  return state_->path;
}

const Json& Checkpoint::config() const {
  return state_->contents.config;
}

const std::string& Checkpoint::config_origin() const {
  return state_->contents.config_origin;
}

const std::vector<TensorInfo>& Checkpoint::tensors() const {
  return state_->contents.tensors;
}

const TensorInfo* Checkpoint::find(std::string_view name) const {
  const auto& all = tensors();
  const auto found = std::lower_bound(
      all.begin(),
      all.end(),
      name,
      [](const TensorInfo& info, std::string_view wanted) {
        return info.name < wanted;
      });
  return found != all.end() && found->name == name ? &*found : nullptr;
}

const std::vector<std::shared_ptr<const File>>& Checkpoint::weight_files()
    const {
  return state_->contents.files;
}

Tensor Checkpoint::load(const TensorInfo& info) const {
  const auto& contents = state_->contents;
  if (!contents.make) {
    state_->require(info);
  }
  auto tensor =
      contents.make ? contents.make(info) : read_tensor(contents.files, info);
  state_->bytes_read.fetch_add(info.stored_bytes(), std::memory_order_relaxed);
  return tensor;
}

std::string Checkpoint::tokenizer_json() const {
  return state_->contents.tokenizer_json();
}

std::optional<std::string> Checkpoint::chat_template() const {
  return state_->contents.chat_template;
}

std::string Checkpoint::bos_token() const {
  return state_->contents.bos_token();
}

std::string Checkpoint::eos_token() const {
  return state_->contents.eos_token();
}

std::uint64_t Checkpoint::bytes_read() const {
  return state_->bytes_read.load(std::memory_order_relaxed);
}

std::uint64_t Checkpoint::fingerprint() const {
  return state_->fingerprint;
}

} // namespace lockstep::checkpoint
