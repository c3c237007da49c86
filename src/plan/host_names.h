#pragma once

#include <string>
#include <string_view>

namespace lockstep::plan {

// Texts from a hosts file that come to stand in other programs' command lines
// and environments: what is safe there.

/// What ssh may be called with, such as "user@name": printable ASCII, never an
/// option, nothing that a shell would read.
bool is_ssh_name(std::string_view text);

/// An IPv4 address that one machine can have.
bool is_host_ipv4(const std::string& text);

/// "NAME=VALUE" with a name as shells have it and a value of one line.
bool is_setting(std::string_view text);

/// Whether lockstep, MLX or a launcher sets this variable to tell ranks who they
/// are, so that nobody else may.
bool is_launchers_variable(std::string_view name);

/// An absolute path, or one from the home directory as "~/PATH".
bool is_place(std::string_view text);

/// The name of an RDMA device, such as "rdma_en2".
bool is_device_name(std::string_view text);

/// Whether one letter too many, too few, another or two swapped make `text` of
/// `known`; capital letters count as small ones. In names of three letters
/// another letter makes another name.
bool is_nearly(std::string_view text, std::string_view known);

} // namespace lockstep::plan
