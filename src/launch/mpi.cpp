#include "launch/mpi.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <string_view>

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "launch/find_program.h"
#include "launch/process.h"

namespace lockstep::launch {

namespace {

namespace fs = std::filesystem;

// What `program --version` prints, up to a bound in bytes and time.
std::string version_of(const fs::path& program) {
  auto output = link::make_pipe();
  link::set_nonblocking(output.write.get(), false);
  const link::Descriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
  SpawnOptions options;
  options.program = program;
  options.argv = {program.string(), "--version"};
  options.environment = current_environment();
  options.stdin_fd = nothing.get();
  options.stdout_fd = output.write.get();
  options.stderr_fd = nothing.get();
  ::pthread_sigmask(SIG_SETMASK, nullptr, &options.mask);
  const pid_t pid = spawn(options);
  output.write.reset();
  std::string text;
  constexpr std::size_t kMost = 4096;
  constexpr int kPatienceMs = 5000;
  while (text.size() < kMost) {
    pollfd waiting{output.read.get(), POLLIN, 0};
    if (::poll(&waiting, 1, kPatienceMs) <= 0) {
      break;
    }
    std::array<char, 512> buffer{};
    const auto n = ::read(output.read.get(), buffer.data(), buffer.size());
    if (n <= 0) {
      break;
    }
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  return text;
}

// Distributions differ in which of the names they install.
std::optional<std::string> loadable_library() {
  std::vector<const char*> names = mpi_library_names();
  if (const char* chosen = std::getenv(kMpiLibraryVariable)) {
    names = {chosen};
  }
  for (const char* name : names) {
    if (void* library = ::dlopen(name, RTLD_LAZY | RTLD_LOCAL)) {
      ::dlclose(library);
      return name;
    }
  }
  return std::nullopt;
}

constexpr std::string_view kOpenMpi = "Open MPI";

constexpr std::string_view kInstall =
    "install it (apt install openmpi-bin libopenmpi-dev, or brew install "
    "open-mpi) or use --backend ring";

} // namespace

OpenMpi require_open_mpi() {
  const auto mpirun = find_program("mpirun");
  if (!mpirun) {
    fail(
        ErrorKind::network,
        "mpirun is not in PATH, expected Open MPI's; {}",
        kInstall);
  }
  auto version = version_of(*mpirun);
  version = version.substr(0, version.find('\n'));
  if (version.find(kOpenMpi) == std::string::npos) {
    fail(
        ErrorKind::network,
        "{} is \"{}\", expected Open MPI's; {}",
        mpirun->string(),
        version,
        kInstall);
  }
  const auto library = loadable_library();
  if (!library) {
    fail(
        ErrorKind::network,
        "Open MPI's library {} cannot be loaded; {}",
        mpi_library_names().front(),
        kInstall);
  }
  return {*mpirun, version, *library};
}

std::vector<std::string> mpirun_command(
    const RankProgram& ranks,
    const fs::path& mpirun,
    const fs::path& directory) {
  // Not by its path: mpirun takes a path as its own name for a wish to look
  // for Open MPI below that place, and gives up when that is "/".
  std::vector<std::string> command{
      mpirun.filename().string(),
      "-n",
      std::to_string(ranks.n_ranks),
      "--oversubscribe",
      "--bind-to",
      "none"};
  const auto set = [&](const char* name, const std::string& value) {
    command.insert(command.end(), {"--mca", name, value});
  };
  // When one rank ends, the others are to end now, not in a second.
  set("odls_base_sigkill_timeout", "0");
  // Ranks share cores: who waits lets others compute.
  set("mpi_yield_when_idle", "1");
  set("btl", "vader,self");
  set("btl_vader_backing_directory", directory.string());
  set("orte_tmpdir_base", directory.string());
  // A rank's end is told in one line.
  set("opal_stacktrace_output", "none");
  if (!may_copy_between_processes()) {
    set("btl_vader_single_copy_mechanism", "none");
  }
  for (const auto& name : ranks.own_variables) {
    command.insert(command.end(), {"-x", name});
  }
  command.push_back(ranks.program.string());
  command.insert(command.end(), ranks.argv.begin() + 1, ranks.argv.end());
  return command;
}

Started start_mpi(
    const RankProgram& ranks,
    const OpenMpi& open_mpi,
    const RunDirectory& directory) {
  auto chatter = link::make_pipe();
  link::set_nonblocking(chatter.write.get(), false);
  const link::Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  SpawnOptions options;
  options.program = open_mpi.mpirun;
  options.argv = mpirun_command(ranks, open_mpi.mpirun, directory.path());
  options.environment = ranks.environment;
  options.environment[kMpiLibraryVariable] = open_mpi.library;
  if (::geteuid() == 0) {
    options.environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1";
    options.environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";
  }
  options.stdin_fd = nothing.get();
  // Ranks get ours over the control link, so what comes here is mpirun's own
  // and what a rank says before its hello.
  options.stdout_fd = chatter.write.get();
  options.stderr_fd = chatter.write.get();
  // It then ends its ranks and removes what it made.
  options.signal_at_parent_death = SIGTERM;
  options.mask = ranks.mask;

  Started started;
  started.children.push_back({spawn(options), std::nullopt});
  started.chatter = std::move(chatter.read);
  started.streams = link::Streams::descriptors;
  return started;
}

} // namespace lockstep::launch
