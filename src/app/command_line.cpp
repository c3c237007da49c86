#include "app/command_line.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "app/exit_codes.h"
#include "app/output.h"

namespace lockstep::app {

namespace {

/// A help with one empty line where CLI11 leaves two, and none at its end.
class ShortHelp final : public CLI::Formatter {
 public:
  std::string make_help(
      const CLI::App* command,
      std::string name,
      CLI::AppFormatMode mode) const override {
    auto text = CLI::Formatter::make_help(command, std::move(name), mode);
    for (auto at = text.find("\n\n\n"); at != std::string::npos;
         at = text.find("\n\n\n")) {
      text.erase(at, 1);
    }
    while (text.ends_with("\n\n")) {
      text.pop_back();
    }
    return text;
  }
};

} // namespace

Flag& Flag::within(int least, int most) {
  option_->check(CLI::Range(least, most));
  return *this;
}

Flag& Flag::excludes(const Flag& other) {
  option_->excludes(other.option_);
  return *this;
}

Flag& Flag::required() {
  option_->required();
  return *this;
}

/// In the help with its type alone: bounds and what excludes it are said when
/// they are broken, and a line is short.
Flag Command::shown(CLI::Option& option, const char* type) const {
  option.group(group_);
  option.option_text(type);
  return Flag(option);
}

Flag Command::argument(const char* name, std::string& to, const char* help) {
  return Flag(*app_->add_option(name, to, help)->option_text(" "));
}

Flag Command::arguments(
    const char* name, std::vector<std::string>& to, const char* help) {
  return Flag(*app_->add_option(name, to, help)->option_text("..."));
}

void Command::examples(const char* text) {
  app_->footer(text);
}

Flag Command::flag(const char* names, bool& to, const char* help) {
  return shown(*app_->add_flag(names, to, help), " ");
}

template <class Value>
Flag Command::value(
    const char* names, const char* type, Value& to, const char* help) {
  return shown(*app_->add_option(names, to, help), type);
}

Flag Command::values(
    const char* names,
    const char* type,
    std::vector<std::string>& to,
    const char* help) {
  auto* option = app_->add_option(names, to, help);
  option->allow_extra_args(false); // MODEL may follow
  return shown(*option, type);
}

template Flag Command::value(
    const char*, const char*, std::string&, const char*);
template Flag Command::value(const char*, const char*, int&, const char*);
template Flag Command::value(const char*, const char*, float&, const char*);
template Flag Command::value(
    const char*, const char*, std::optional<int>&, const char*);
template Flag Command::value(
    const char*, const char*, std::optional<std::uint64_t>&, const char*);

Flag Command::parsed(
    const char* names,
    const char* type,
    const std::function<void(const std::string&)>& take,
    const char* help) {
  return shown(
      *app_->add_option_function<std::string>(names, take, help), type);
}

void Command::does(Action action) {
  app_->callback(
      [chosen = chosen_, action = std::move(action)] { *chosen = action; });
}

CommandLine::CommandLine(const char* about, const char* examples)
    : program_(std::make_unique<CLI::App>(about, "lockstep")) {
  program_->formatter(std::make_shared<ShortHelp>());
  program_->set_version_flag("--version", "lockstep " LOCKSTEP_VERSION);
  program_->footer(examples);
  program_->require_subcommand(1);
}

CommandLine::~CommandLine() = default;

Command CommandLine::add(const char* name, const char* help) {
  auto* command = program_->add_subcommand(name, help);
  command->footer(""); // the program's has examples of all
  // Who reads this line has found it.
  command->get_help_ptr()->group("");
  return {*command, chosen_};
}

Command CommandLine::add_hidden(const char* name) {
  auto& command = *program_->add_subcommand(name, "")->group("");
  return Command(command, chosen_);
}

bool CommandLine::has(const std::string& name) const {
  const auto commands = program_->get_subcommands({});
  return std::any_of(commands.begin(), commands.end(), [&](const auto* c) {
    return c->get_name() == name;
  });
}

int CommandLine::run(const Arguments& arguments) {
  // CLI11 would only say that a command is missing.
  if (arguments.size() > 1 && !arguments[1].starts_with('-') &&
      !has(arguments[1])) {
    write_stderr(fmt::format(
        "lockstep: \"{}\" is no command; see lockstep --help\n", arguments[1]));
    return exit_code(ErrorKind::usage);
  }
  // It wants them backwards, and without the program.
  std::vector<std::string> rest(
      arguments.rbegin(), arguments.rend() - (arguments.empty() ? 0 : 1));
  try {
    program_->parse(std::move(rest));
  } catch (const CLI::Success& e) {
    return program_->exit(e);
  } catch (const CLI::ParseError& e) {
    write_stderr(fmt::format(
        "lockstep: {}; see lockstep --help\n", std::string(e.what())));
    return exit_code(ErrorKind::usage);
  }
  return chosen_();
}

} // namespace lockstep::app
