#include "checkpoint/weight_files.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/error.h"

namespace lockstep::checkpoint {

namespace {

constexpr const char* kIndex = "model.safetensors.index.json";
constexpr const char* kSingle = "model.safetensors";
constexpr std::uint64_t kMaxIndexBytes = std::uint64_t{64} << 20;
constexpr std::size_t kMaxFiles = 4096;

// Tensor name -> file name.
std::map<std::string, std::string> read_index(const ModelFolder& folder) {
  const auto where = folder.shown_path(kIndex);
  const auto json = folder.json(kIndex, kMaxIndexBytes);
  const auto weights = JsonReader(json, where).object("weight_map");
  std::map<std::string, std::string> map;
  for (const auto& [name, file] :
       JsonReader(json, where).at("weight_map").items()) {
    map.emplace(name, weights.string(name.c_str()));
  }
  if (map.empty()) {
    fail(ErrorKind::config, "{}: weight_map names no tensor", where);
  }
  return map;
}

std::vector<std::string> names_without_index(const ModelFolder& folder) {
  if (folder.has(kSingle)) {
    return {kSingle};
  }
  auto names = folder.names_ending_in(".safetensors");
  if (names.empty()) {
    fail(
        ErrorKind::config,
        "{}: has no weights, expected {}, {} or *.safetensors",
        folder.path().string(),
        kSingle,
        kIndex);
  }
  return names;
}

void add_file(
    const ModelFolder& folder, const std::string& name, WeightFiles& out) {
  if (out.files.size() >= kMaxFiles) {
    fail(
        ErrorKind::config,
        "{}: has more than {} files of weights",
        folder.path().string(),
        kMaxFiles);
  }
  auto file = std::make_shared<const File>(folder.resolve(name));
  const auto index = static_cast<int>(out.files.size());
  for (auto& tensor : read_safetensors(*file)) {
    out.tensors.push_back({index, std::move(tensor)});
  }
  out.files.push_back(std::move(file));
}

void sort_by_name(WeightFiles& weights) {
  auto& tensors = weights.tensors;
  std::sort(
      tensors.begin(),
      tensors.end(),
      [](const PlacedTensor& a, const PlacedTensor& b) {
        return a.stored.name < b.stored.name;
      });
  const auto twice = std::adjacent_find(
      tensors.begin(),
      tensors.end(),
      [](const PlacedTensor& a, const PlacedTensor& b) {
        return a.stored.name == b.stored.name;
      });
  if (twice != tensors.end()) {
    fail(
        ErrorKind::config,
        "{}: is also in {}",
        weights.where(*std::next(twice)),
        weights.files[static_cast<std::size_t>(twice->file)]->path().string());
  }
}

void check_against_index(
    const WeightFiles& weights,
    const std::map<std::string, std::string>& index,
    const std::vector<std::string>& names,
    const std::string& where) {
  for (const auto& [name, file] : index) {
    const auto* tensor = weights.find(name);
    if (tensor == nullptr ||
        names[static_cast<std::size_t>(tensor->file)] != file) {
      fail(
          ErrorKind::config,
          "{}: tensor {} is not in {}, where the index has it",
          where,
          shown(name),
          shown(file));
    }
  }
  for (const auto& tensor : weights.tensors) {
    if (index.find(tensor.stored.name) == index.end()) {
      fail(
          ErrorKind::config,
          "{}: is not in the index, {}",
          weights.where(tensor),
          where);
    }
  }
}

} // namespace

const PlacedTensor* WeightFiles::find(const std::string& name) const {
  const auto found = std::lower_bound(
      tensors.begin(),
      tensors.end(),
      name,
      [](const PlacedTensor& tensor, const std::string& wanted) {
        return tensor.stored.name < wanted;
      });
  return found != tensors.end() && found->stored.name == name ? &*found
                                                              : nullptr;
}

std::string WeightFiles::where(const PlacedTensor& tensor) const {
  return files[static_cast<std::size_t>(tensor.file)]->path().string() +
         ": tensor " + shown(tensor.stored.name);
}

WeightFiles read_weight_files(const ModelFolder& folder) {
  WeightFiles weights;
  std::map<std::string, std::string> index;
  std::vector<std::string> names;
  if (folder.has(kIndex)) {
    index = read_index(folder);
    std::set<std::string> distinct;
    for (const auto& [tensor, file] : index) {
      distinct.insert(file);
    }
    names.assign(distinct.begin(), distinct.end());
  } else {
    names = names_without_index(folder);
  }
  for (const auto& name : names) {
    add_file(folder, name, weights);
  }
  sort_by_name(weights);
  if (!index.empty()) {
    check_against_index(weights, index, names, folder.shown_path(kIndex));
  }
  return weights;
}

} // namespace lockstep::checkpoint
