#include "checkpoint/model_files.h"

#include <utility>

#include "base/file.h"
#include "checkpoint/brought.h"
#include "checkpoint/fingerprint.h"
#include "checkpoint/model_folder.h"

namespace lockstep::checkpoint {

namespace {

ModelFile whole_file(const std::filesystem::path& path, std::string name) {
  const File file(path);
  return {std::move(name), path, file.size(), merged({{0, file.size()}})};
}

} // namespace

std::vector<ModelFile> model_files(
    const Checkpoint& checkpoint,
    const std::string& single_name,
    const std::function<bool(const TensorInfo&)>& is_needed) {
  const auto& weights = checkpoint.weight_files();
  std::vector<std::vector<Span>> not_needed(weights.size());
  std::vector<std::vector<Span>> samples(weights.size());
  for (const auto& info : checkpoint.tensors()) {
    if (is_needed(info)) {
      continue;
    }
    for (const auto& range : info.ranges) {
      not_needed[static_cast<std::size_t>(range.file)].push_back(
          {range.offset, range.bytes});
    }
    for (const auto& range : sampled_ranges(info)) {
      samples[static_cast<std::size_t>(range.file)].push_back(
          {range.offset, range.bytes});
    }
  }
  const bool is_folder = std::filesystem::is_directory(checkpoint.path());
  std::vector<ModelFile> files;
  if (is_folder) {
    const ModelFolder folder(checkpoint.path());
    for (const auto* suffix : {".json", ".jinja"}) {
      for (const auto& name : folder.names_ending_in(suffix)) {
        if (name != kBroughtName) {
          files.push_back(whole_file(folder.resolve(name), name));
        }
      }
    }
  }
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto& path = weights[i]->path();
    auto needed = all_but(std::move(not_needed[i]), weights[i]->size());
    needed.insert(needed.end(), samples[i].begin(), samples[i].end());
    files.push_back(
        {is_folder ? path.filename().string() : single_name,
         path,
         weights[i]->size(),
         merged(std::move(needed))});
  }
  return files;
}

} // namespace lockstep::checkpoint
