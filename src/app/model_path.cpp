#include "app/model_path.h"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "checkpoint/brought.h"
#include "launch/host_place.h"
#include "launch/local.h"

namespace lockstep::app {

namespace {

namespace fs = std::filesystem;

constexpr char kDemoFile[] = "SmolLM2-135M-Instruct.Q4_1.gguf";

fs::path demo_model() {
  const auto folder = launch::self_path().parent_path();
  for (const auto& place :
       {folder / "models",
        folder.parent_path() / "models",
        folder.parent_path() / "share" / "lockstep" / "models"}) {
    if (fs::exists(place / kDemoFile)) {
      return place / kDemoFile;
    }
  }
  fail(
      ErrorKind::config,
      "the demo model is not here: {} is in none of the models folders beside "
      "the program; `make demo` downloads it",
      kDemoFile);
}

/// The environment variable's value, or nothing when unset or empty.
std::optional<fs::path> folder_from(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' ? std::optional<fs::path>(value)
                                            : std::nullopt;
}

bool is_hub_name(const std::string& model) {
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' ||
           c == '_' || c == '.' || c == '/';
  };
  const auto slash = model.find('/');
  return slash != std::string::npos && slash > 0 && slash + 1 < model.size() &&
         model.find('/', slash + 1) == std::string::npos && model[0] != '.' &&
         model.find("..") == std::string::npos &&
         std::all_of(model.begin(), model.end(), allowed);
}

std::optional<std::string> name_on_hosts(const std::string& model) {
  if (model == "demo") {
    return kDemoFile;
  }
  auto name = model;
  if (is_hub_name(name)) {
    return name.replace(name.find('/'), 1, "--");
  }
  name.erase(name.find_last_not_of('/') + 1);
  name.erase(0, name.rfind('/') + 1);
  return name.empty() || name == "." || name == ".." ? std::nullopt
                                                     : std::optional(name);
}

/// The model that `lockstep push` brought to this host, when all of it came.
std::optional<fs::path> pushed_model(const std::string& model) {
  const auto models = folder_from(launch::kModelsVariable);
  const auto name = name_on_hosts(model);
  if (!models || !name) {
    return std::nullopt;
  }
  const auto folder = expand_home(models->string()) / *name;
  if (!fs::exists(folder / checkpoint::kBroughtName)) {
    return std::nullopt;
  }
  return fs::exists(folder / *name) ? folder / *name : folder;
}

/// The snapshot that "main" points to, if the cache has one.
std::optional<fs::path> cached_snapshot(
    const fs::path& cache, std::string model) {
  model.replace(model.find('/'), 1, "--");
  const auto repository = cache / ("models--" + model);
  const auto reference = repository / "refs" / "main";
  if (!fs::is_regular_file(reference)) {
    return std::nullopt;
  }
  auto commit = read_text_file(reference, 256);
  commit.erase(commit.find_last_not_of(" \n\r") + 1);
  const auto snapshot = repository / "snapshots" / fs::path(commit).filename();
  return fs::is_directory(snapshot) ? std::optional(snapshot) : std::nullopt;
}

} // namespace

std::string pushed_name(const std::string& model) {
  const auto name = name_on_hosts(model);
  if (!name) {
    fail(
        ErrorKind::usage,
        "the model \"{}\" has no name under which it could lie on a host; give "
        "its path with its name",
        model);
  }
  return *name;
}

fs::path hub_cache() {
  if (const auto cache = folder_from("HF_HUB_CACHE")) {
    return *cache;
  }
  if (const auto home = folder_from("HF_HOME")) {
    return *home / "hub";
  }
  return folder_from("HOME").value_or("/") / ".cache" / "huggingface" / "hub";
}

std::filesystem::path find_model(const std::string& model) {
  if (const auto pushed = pushed_model(model)) {
    return *pushed;
  }
  if (fs::exists(model)) {
    return model;
  }
  if (model == "demo") {
    return demo_model();
  }
  if (is_hub_name(model)) {
    const auto cache = hub_cache();
    if (const auto snapshot = cached_snapshot(cache, model)) {
      return *snapshot;
    }
    fail(
        ErrorKind::config,
        "no such model: {} is neither a path nor in the hub's cache {}",
        model,
        cache.string());
  }
  fail(
      ErrorKind::config,
      "no such model: {}; give a directory with config.json and safetensors, a "
      ".gguf file, the name of a model in the hub's cache (org/name), or demo",
      model);
}

} // namespace lockstep::app
