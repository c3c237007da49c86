#include <algorithm>
#include <bit>
#include <cstdint>
#include <iterator>

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>

#include "base/error.h"
#include "launch/find_program.h"
#include "launch/host_ranks.h"
#include "launch/local.h"
#include "launch/mpi.h"
#include "launch/spawn.h"
#include "launch/ssh.h"
#include "link/tcp.h"

namespace lockstep::launch {

namespace {

// What mpirun calls in place of ssh: `agent ADDRESS COMMAND…`. It knows hosts
// by address; what ssh calls them is known here. A host's shell without a
// login lacks the places where Macs keep Open MPI, whose daemon there keeps its
// files in a directory that goes with it.
std::string agent_script(const std::vector<plan::Host>& hosts) {
  std::string script = R"(address=$1
shift
run="PATH=\$PATH:/usr/local/bin:/opt/homebrew/bin
TMPDIR=\$(mktemp -d \"\${TMPDIR:-/tmp}/lockstep-mpi-XXXXXX\") || exit 1
OMPI_ALLOW_RUN_AS_ROOT=1
OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export PATH TMPDIR OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM
trap 'rm -rf \"\$TMPDIR\"' EXIT
trap 'exit 1' HUP TERM
$*"
case $address in
)";
  for (const auto& host : hosts) {
    if (!host.is_here()) {
      script += fmt::format(
          "{}) name={}; {} \"$run\" <&0 & ;;\n",
          host.ips.front(),
          shell_command({host.ssh}),
          shell_command(ssh_command(host.ssh)));
    }
  }
  return script +
         fmt::format(
             R"(*) echo "lockstep: no host has the address $address" >&2; exit 1 ;;
esac
trap 'kill $!' HUP INT TERM
wait $!
code=$?
[ $code -eq 0 ] || echo "{}$name, exit code $code" >&2
exit $code
)",
             kWayEnded);
}

std::uint32_t number_of(const std::string& ip) {
  in_addr address{};
  ::inet_pton(AF_INET, ip.c_str(), &address);
  return ntohl(address.s_addr);
}

// The narrowest network that all addresses lie in, as ADDRESS/BITS.
std::string common_network(const std::vector<std::string>& ips) {
  constexpr int kBits = 32;
  const auto first = number_of(ips.front());
  int same = kBits;
  for (const auto& ip : ips) {
    same = std::min(same, std::countl_zero(first ^ number_of(ip)));
  }
  return fmt::format("{}/{}", ips.front(), same);
}

std::vector<std::string> networks(const HostRanks& ranks) {
  std::vector<std::string> ips;
  for (const auto& host : ranks.hosts) {
    ips.push_back(host.ips.front());
    ips.push_back(link::own_address_towards(host.ips.front()));
  }
  return ips;
}

// Runs a rank and says how it failed. Only a shell on the host knows what is
// there, and its `~`; its own words about signals are no use to anybody.
std::string rank_script(const plan::Host& host, int rank) {
  return fmt::format(
      R"(exec 3>&2 2>/dev/null
(exec {} "$@" 2>&3 3>&-)
code=$?
[ $code -eq 0 ] || echo "{}{}, exit code $code" >&3
exit $code
)",
      host.is_here() ? shell_command({self_path().string()}) : program_on(host),
      kRankEnded,
      rank);
}

// One part of the command for each rank: where, with what, and the program.
std::vector<std::string> rank_part(
    const HostRanks& ranks, int rank, Doors& doors) {
  const auto& host = ranks.hosts[static_cast<std::size_t>(rank)];
  std::vector<std::string> part{
      "-n", "1", "--host", host.is_here() ? "localhost" : host.ips.front()};
  for (const auto& [name, value] : environment_of(ranks, rank, doors)) {
    part.insert(part.end(), {"-x", fmt::format("{}={}", name, value)});
  }
  // By name alone, so that its value is on no command line.
  part.insert(part.end(), {"-x", link::kSecretVariable});
  part.insert(part.end(), {"-x", kMpiLibraryVariable});
  part.insert(
      part.end(), {"/bin/sh", "-c", rank_script(host, rank), "lockstep"});
  part.insert(part.end(), ranks.argv.begin(), ranks.argv.end());
  return part;
}

std::vector<std::string> command_for(
    const HostRanks& ranks,
    const OpenMpi& open_mpi,
    const std::string& agent,
    Doors& doors) {
  std::vector<std::string> command{
      open_mpi.mpirun.filename().string(),
      "--oversubscribe",
      "--bind-to",
      "none"};
  const auto set = [&](const char* name, const std::string& value) {
    command.insert(command.end(), {"--mca", name, value});
  };
  const auto network = common_network(networks(ranks));
  set("plm_rsh_agent", "/bin/sh " + agent);
  set("odls_base_sigkill_timeout", "0");
  set("mpi_yield_when_idle", "1");
  // What a rank says before its hello is marked as its own.
  set("orte_tag_output", "1");
  set("opal_stacktrace_output", "none");
  set("btl", "tcp,self");
  set("btl_tcp_if_include", network);
  set("oob_tcp_if_include", network);
  // A host that is gone is noticed in seconds, not in minutes.
  set("oob_tcp_keepalive_time", "2");
  set("oob_tcp_keepalive_intvl", "1");
  set("oob_tcp_keepalive_probes", "3");
  for (int rank = 0; rank < static_cast<int>(ranks.hosts.size()); ++rank) {
    if (rank > 0) {
      command.push_back(":");
    }
    const auto part = rank_part(ranks, rank, doors);
    command.insert(command.end(), part.begin(), part.end());
  }
  return command;
}

} // namespace

Started start_mpi_on_hosts(
    const HostRanks& ranks, Doors& doors, const RunDirectory& directory) {
  const auto open_mpi = require_open_mpi();
  for (const auto& host : ranks.hosts) {
    if (!host.is_here()) {
      require_program(ssh_command(host.ssh).front());
    }
  }
  const auto agent = directory.write("agent", agent_script(ranks.hosts));
  auto chatter = link::make_pipe();
  link::set_nonblocking(chatter.write.get(), false);
  const link::Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  SpawnOptions options;
  options.program = open_mpi.mpirun;
  options.argv = command_for(ranks, open_mpi, agent.string(), doors);
  options.environment = current_environment();
  // Where it keeps its files; hosts have their own place.
  options.environment["TMPDIR"] = directory.path().string();
  options.environment[kMpiLibraryVariable] = open_mpi.library;
  options.environment[link::kSecretVariable] = doors.secret().text();
  options.environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1";
  options.environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1";
  options.stdin_fd = nothing.get();
  options.stdout_fd = chatter.write.get();
  options.stderr_fd = chatter.write.get();
  // It then ends its ranks and removes what it made.
  options.signal_at_parent_death = SIGTERM;
  options.mask = ranks.mask;

  Started started;
  started.children.push_back({spawn(options), std::nullopt});
  started.chatter = std::move(chatter.read);
  started.streams = link::Streams::forwarded;
  return started;
}

} // namespace lockstep::launch
