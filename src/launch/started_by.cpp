#include "launch/started_by.h"

#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "launch/seat.h"
#include "launch/variables.h"
#include "link/lifeline.h"

extern char** environ;

namespace lockstep::launch {

namespace {

constexpr std::uint64_t kMostFileBytes = 4 << 20;

StartedBy rank_of(
    const Variables& variables,
    StartedBy found,
    const char* rank_name,
    const std::string& size_shown) {
  found.rank = variables.number(rank_name, 0);
  if (found.rank >= found.size) {
    fail(
        ErrorKind::usage,
        "environment: {}, but {}, so expected 0 to {}",
        variables.shown(rank_name),
        size_shown,
        found.size - 1);
  }
  return found;
}

// How many ranks a JSON file that MLX reads lists. MLX takes no other source
// for the number. Nothing: the file is blank, as mlx.launch leaves it for a
// single host.
std::optional<Json> ranks_in_file(
    const Variables& variables, const char* name) {
  try {
    const auto text = read_text_file(*variables.find(name), kMostFileBytes);
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
      return std::nullopt;
    }
    auto list = parse_json(text, *variables.find(name));
    if (!list.is_array() || list.empty() || list.size() > Variables::kMost) {
      fail(
          ErrorKind::usage,
          "{}: expected a JSON list with one entry for each rank",
          *variables.find(name));
    }
    return list;
  } catch (const Error& error) {
    fail(ErrorKind::usage, "environment: {}: {}", name, error.what());
  }
}

void check_ring_entry(const Json& entry, std::size_t rank, const char* name) {
  bool good = entry.is_array() && !entry.empty();
  if (good) {
    for (const auto& address : entry) {
      good =
          good && address.is_string() &&
          address.get_ref<const std::string&>().find(':') != std::string::npos;
    }
  }
  if (!good) {
    fail(
        ErrorKind::usage,
        "environment: {}: the entry of rank {} is {}, expected a list of "
        "\"ADDRESS:PORT\"",
        name,
        rank,
        entry.dump(-1, ' ', true, Json::error_handler_t::replace));
  }
}

StartedBy from_ring(const Variables& variables) {
  constexpr char kFile[] = "MLX_HOSTFILE";
  const auto hosts = ranks_in_file(variables, kFile);
  StartedBy found{Starter::mlx, Backend::automatic, 0, 1};
  if (hosts) {
    for (std::size_t rank = 0; rank < hosts->size(); ++rank) {
      check_ring_entry((*hosts)[rank], rank, kFile);
    }
    found.backend = Backend::ring;
    found.size = static_cast<int>(hosts->size());
  }
  return rank_of(
      variables,
      found,
      "MLX_RANK",
      fmt::format("{} lists {} ranks", variables.shown(kFile), found.size));
}

StartedBy from_nccl(const Variables& variables) {
  for (const char* name : {"NCCL_HOST_IP", "NCCL_PORT", "MLX_WORLD_SIZE"}) {
    if (variables.find(name) == nullptr) {
      fail(
          ErrorKind::usage,
          "environment: {}, but NCCL needs NCCL_HOST_IP, NCCL_PORT, MLX_RANK "
          "and MLX_WORLD_SIZE",
          variables.shown(name));
    }
  }
  StartedBy found{Starter::mlx, Backend::nccl, 0, 1};
  found.size = variables.number("MLX_WORLD_SIZE", 1);
  return rank_of(
      variables, found, "MLX_RANK", variables.shown("MLX_WORLD_SIZE"));
}

StartedBy from_jaccl(
    const Variables& variables,
    const char* rank_name,
    const char* devices_name) {
  if (variables.which("JACCL_COORDINATOR", "MLX_JACCL_COORDINATOR") ==
      nullptr) {
    fail(
        ErrorKind::usage,
        "environment: {}, but MLX_JACCL_COORDINATOR is not set, expected "
        "ADDRESS:PORT of rank 0",
        variables.shown(devices_name));
  }
  const auto devices = ranks_in_file(variables, devices_name);
  StartedBy found{Starter::mlx, Backend::jaccl, 0, 1};
  if (devices) {
    found.size = static_cast<int>(devices->size());
  }
  return rank_of(
      variables,
      found,
      rank_name,
      fmt::format(
          "{} lists {} ranks", variables.shown(devices_name), found.size));
}

// A group over hosts, of which the rest comes later (launch/seat).
StartedBy from_hosts(const Variables& variables, Backend backend) {
  StartedBy found{Starter::lockstep, backend, 0, 1};
  found.size = variables.number(kSeatSizeVariable, 1);
  return rank_of(
      variables, found, "MLX_RANK", variables.shown(kSeatSizeVariable));
}

// What MLX's own variables say, if they are about a group.
std::optional<StartedBy> from_mlx(const Variables& variables) {
  const char* rank = variables.which("JACCL_RANK", "MLX_RANK");
  const char* devices = variables.which("JACCL_IBV_DEVICES", "MLX_IBV_DEVICES");
  const bool ring = variables.find("MLX_HOSTFILE") != nullptr;
  const bool nccl =
      variables.find("MLX_WORLD_SIZE") != nullptr ||
      (variables.find("NCCL_HOST_IP") != nullptr && rank != nullptr);
  const int n_kinds = static_cast<int>(ring) + static_cast<int>(nccl) +
                      static_cast<int>(devices != nullptr);
  if (n_kinds > 1) {
    fail(
        ErrorKind::usage,
        "environment: {}, {} and {} contradict each other; expected the "
        "variables of one back end (ring, nccl or jaccl)",
        variables.shown("MLX_HOSTFILE"),
        variables.shown("MLX_WORLD_SIZE"),
        variables.shown(devices != nullptr ? devices : "MLX_IBV_DEVICES"));
  }
  if (n_kinds == 1 && rank == nullptr) {
    fail(
        ErrorKind::usage,
        "environment: {} is set, but MLX_RANK is not; set both or neither",
        ring ? "MLX_HOSTFILE"
             : (devices != nullptr ? devices : "MLX_WORLD_SIZE"));
  }
  if (n_kinds == 0 && rank != nullptr) {
    fail(
        ErrorKind::usage,
        "environment: {}, but nothing says how the ranks are joined; expected "
        "MLX_HOSTFILE (ring), NCCL_HOST_IP, NCCL_PORT and MLX_WORLD_SIZE "
        "(nccl) or MLX_IBV_DEVICES and MLX_JACCL_COORDINATOR (jaccl)",
        variables.shown(rank));
  }
  if (ring) {
    return from_ring(variables);
  }
  if (nccl) {
    return from_nccl(variables);
  }
  if (devices != nullptr) {
    return from_jaccl(variables, rank, devices);
  }
  return std::nullopt;
}

StartedBy from_mpi_variables(
    const Variables& variables,
    Starter starter,
    const char* rank_name,
    const char* size_name) {
  StartedBy found{starter, Backend::mpi, 0, 1};
  found.size = variables.number(size_name, 1);
  return rank_of(variables, found, rank_name, variables.shown(size_name));
}

std::optional<StartedBy> from_mpi(const Variables& variables) {
  if (variables.find("OMPI_COMM_WORLD_RANK") != nullptr ||
      variables.find("OMPI_COMM_WORLD_SIZE") != nullptr) {
    return from_mpi_variables(
        variables,
        Starter::open_mpi,
        "OMPI_COMM_WORLD_RANK",
        "OMPI_COMM_WORLD_SIZE");
  }
  // A batch script and a shell within an allocation have Slurm's variables
  // too. Only srun's own tasks have a step, and only with an MPI plugin a PMI.
  const bool in_step = variables.find("SLURM_STEP_ID") != nullptr &&
                       variables.find("SLURM_STEP_NUM_TASKS") != nullptr;
  const bool has_pmi = variables.find("PMIX_RANK") != nullptr ||
                       variables.find("PMI_RANK") != nullptr;
  if (in_step && has_pmi) {
    return from_mpi_variables(
        variables, Starter::slurm, "SLURM_PROCID", "SLURM_STEP_NUM_TASKS");
  }
  if (in_step && variables.number("SLURM_STEP_NUM_TASKS", 1) > 1) {
    fail(
        ErrorKind::usage,
        "environment: srun started {} tasks without MPI ({}); start them by "
        "srun --mpi=pmix",
        *variables.find("SLURM_STEP_NUM_TASKS"),
        variables.shown("PMIX_RANK"));
  }
  if (variables.find("PMIX_RANK") != nullptr) {
    fail(
        ErrorKind::usage,
        "environment: {}, but neither OMPI_COMM_WORLD_SIZE nor "
        "SLURM_STEP_NUM_TASKS says how many ranks there are; start by mpirun "
        "or srun --mpi=pmix",
        variables.shown("PMIX_RANK"));
  }
  for (const char* sign :
       {"HYDI_CONTROL_FD", "I_MPI_HYDRA_PMI_CONNECT", "MPI_LOCALRANKID"}) {
    if (variables.find(sign) != nullptr &&
        variables.find("PMI_RANK") != nullptr) {
      fail(
          ErrorKind::unsupported,
          "environment: {} and {} are set by MPICH's or Intel MPI's mpiexec, "
          "but MLX works with Open MPI alone; use its mpirun, or lockstep -n",
          variables.shown("PMI_RANK"),
          variables.shown(sign));
    }
  }
  return std::nullopt;
}

} // namespace

StartedBy started_by(const Environment& environment) {
  const Variables variables(environment);
  const auto mpi = from_mpi(variables);
  const auto mlx =
      variables.find(kSeatIpVariable) != nullptr
          ? std::optional(from_hosts(variables, seat_backend(environment)))
          : from_mlx(variables);
  if (mpi && mlx && mlx->backend != Backend::automatic) {
    fail(
        ErrorKind::usage,
        "environment: {} says that MPI started this rank, {} that it belongs "
        "to a group over {}; unset one of them",
        mpi->starter == Starter::slurm
            ? variables.shown("SLURM_PROCID")
            : variables.shown("OMPI_COMM_WORLD_RANK"),
        variables.shown(variables.which("MLX_RANK", "JACCL_RANK")),
        name_of(mlx->backend));
  }
  auto found = mpi.value_or(mlx.value_or(StartedBy{}));
  if (variables.find(link::kLifelineVariable) != nullptr) {
    found.starter = Starter::lockstep;
  }
  return found;
}

Environment current_environment() {
  Environment environment;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) {
      environment.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  return environment;
}

} // namespace lockstep::launch
