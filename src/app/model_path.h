#pragma once

#include <filesystem>
#include <string>

namespace lockstep::app {

/// What --help says of MODEL.
inline constexpr char kModelHelp[] =
    "a directory, a .gguf file, org/name of the hub, or demo";

/// The name under which `lockstep push` brings MODEL to a host: of a path its
/// last part, of "demo" its file's, of a name of the hub "org--name". Throws
/// Error{usage} when it has none, such as "..".
std::string pushed_name(const std::string& model);

/// Where MODEL is: on a host that it was pushed to, there. Else a path as it
/// stands, "demo", or the name of a repository
/// ("org/name") that is in the Hugging Face hub's local cache. Throws
/// Error{config} saying where it was looked for.
std::filesystem::path find_model(const std::string& model);

/// Where the hub's models are kept on this machine; need not exist.
std::filesystem::path hub_cache();

} // namespace lockstep::app
