#pragma once

#include <string>
#include <vector>

#include "plan/hosts.h"

namespace lockstep::launch {

/// In a rank's environment: the folder of models that lockstep push brought to
/// its host; may begin with "~/".
inline constexpr char kModelsVariable[] = "LOCKSTEP_MODELS";

/// Where what push brings lies on a host: its `dir`, or "~/.lockstep".
std::string place_on(const plan::Host& host);

/// What kModelsVariable says there.
std::string models_on(const plan::Host& host);

/// The place with something below it, as a word that every shell there reads.
std::string place_word(const plan::Host& host, const std::string& below);

/// What a shell on the host runs in place of "lockstep": that of its place, or,
/// where no `dir` says which and none is there, the one that lies where ours
/// does.
std::string program_on(const plan::Host& host);
/// Where it is looked for, for people.
std::string program_text(const plan::Host& host);

/// What is in a host's place, and what programs run there.
struct PlaceFacts {
  std::string system; // "Linux x86_64"
  /// A program that push brought, one that somebody else put there, or one
  /// where ours lies here.
  enum class Program { none, pushed, own, elsewhere } program = Program::none;
  /// What `cksum` says of the program that push brought, sorted.
  std::vector<std::string> checksums;
};

/// What `sh -s` on the host is to read, to tell that.
std::string place_script(const plan::Host& host);
/// Throws Error{network} when it is not the answer.
PlaceFacts parse_place(const std::string& output);

/// A script that unpacks a program from a tar archive on stdin into the place,
/// if it runs there, in the end at once.
std::string install_script(const plan::Host& host);

/// A script that removes from the place what push brought, and says what it
/// took: "freed=KILOBYTES".
std::string clean_script(const plan::Host& host);

} // namespace lockstep::launch
