#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

// CLI11 takes a compiler many seconds, so one file alone includes it.
namespace CLI {
class App;
class Option;
} // namespace CLI

namespace lockstep::app {

/// The command line of this process, as it was given.
using Arguments = std::vector<std::string>;

/// What the chosen command does; returns the exit code, may throw Error.
using Action = std::function<int()>;

/// A flag or argument that was added to a command.
class Flag {
 public:
  explicit Flag(CLI::Option& option) : option_(&option) {}

  Flag& within(int least, int most); // refuses numbers outside
  Flag& excludes(const Flag& other); // refuses both at once
  Flag& required();

 private:
  CLI::Option* option_;
};

/// One command: its flags, and what it does. What flags write to must live
/// until the command line is parsed. Names are as in "-n,--ranks"; `help` is
/// the line that --help shows, `type` the word there for a value.
class Command {
 public:
  Command(CLI::App& app, Action& chosen) : app_(&app), chosen_(&chosen) {}

  /// Flags that are added from here on stand under this title in the help.
  void group(const char* title) { group_ = title; }
  /// What stands at the end of its help.
  void examples(const char* text);
  /// A value without a flag, such as MODEL.
  Flag argument(const char* name, std::string& to, const char* help);
  /// The same for any number of them, such as HOST….
  Flag arguments(
      const char* name, std::vector<std::string>& to, const char* help);
  Flag flag(const char* names, bool& to, const char* help);
  /// int, float, std::string, std::optional of int or std::uint64_t.
  template <class Value>
  Flag value(const char* names, const char* type, Value& to, const char* help);
  /// Values of a flag that may be given several times.
  Flag values(
      const char* names,
      const char* type,
      std::vector<std::string>& to,
      const char* help);
  /// A value that `take` reads; it may throw Error.
  Flag parsed(
      const char* names,
      const char* type,
      const std::function<void(const std::string&)>& take,
      const char* help);
  void does(Action action);

 private:
  Flag shown(CLI::Option& option, const char* type) const;

  CLI::App* app_;
  Action* chosen_;
  const char* group_ = "Options";
};

/// All commands of the program.
class CommandLine {
 public:
  CommandLine(const char* about, const char* examples);
  ~CommandLine();

  Command add(const char* name, const char* help);
  /// One that no help shows: for lockstep itself.
  Command add_hidden(const char* name);
  /// Parses, then does what the command that was chosen does; -> exit code.
  /// Help and version go to stdout, what is wrong in one line to stderr.
  int run(const Arguments& arguments);

 private:
  bool has(const std::string& name) const;

  std::unique_ptr<CLI::App> program_;
  Action chosen_;
};

} // namespace lockstep::app
