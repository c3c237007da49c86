#include "launch/remote_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include <sys/wait.h>
#include <unistd.h>

#include "launch/find_program.h"
#include "launch/spawn.h"
#include "launch/ssh.h"
#include "plan/hosts.h"

namespace lockstep::launch {

namespace {

std::vector<std::string> command_line(
    const std::string& host, const std::vector<std::string>& words) {
  if (plan::is_here(host)) {
    return words;
  }
  auto command = ssh_command(host);
  command.push_back(shell_command(words));
  return command;
}

} // namespace

ProcessOnHost start_on_host(
    const std::string& host,
    const std::vector<std::string>& command,
    const sigset_t& mask) {
  auto in = link::make_pipe();
  auto out = link::make_pipe();
  auto err = link::make_pipe();
  for (const int fd : {in.read.get(), out.write.get(), err.write.get()}) {
    link::set_nonblocking(fd, false); // the program's own ends
  }
  SpawnOptions spawning;
  spawning.argv = command_line(host, command);
  spawning.program = require_program(spawning.argv.at(0));
  spawning.environment = current_environment();
  spawning.stdin_fd = in.read.get();
  spawning.stdout_fd = out.write.get();
  spawning.stderr_fd = err.write.get();
  spawning.mask = mask;
  const pid_t pid = spawn(spawning);
  return {pid, std::move(in.write), std::move(out.read), std::move(err.read)};
}

RemoteProcess::RemoteProcess(
    const RemoteJob& job,
    const RemoteOptions& options,
    const sigset_t& mask,
    RemoteResult& result)
    : result_(result),
      most_bytes_(options.most_bytes),
      input_(job.stdin_text),
      deadline_(std::chrono::steady_clock::now() + options.deadline) {
  result_.host = job.host;
  result_.deadline = options.deadline;
  process_ = start_on_host(job.host, job.command, mask);
}

RemoteProcess::~RemoteProcess() {
  stop();
}

void RemoteProcess::stop() {
  if (process_.pid != 0) {
    ::kill(-process_.pid, SIGKILL);
    ::waitpid(process_.pid, nullptr, 0);
    process_.pid = 0;
  }
}

void RemoteProcess::add_to(std::vector<pollfd>& waiting) const {
  if (process_.in) {
    waiting.push_back({process_.in.get(), POLLOUT, 0});
  }
  for (const auto* from : {&process_.out, &process_.err}) {
    if (*from) {
      waiting.push_back({from->get(), POLLIN, 0});
    }
  }
}

void RemoteProcess::pump() {
  // One that writes without end is not to keep us from the others.
  constexpr int kMostReads = 64;
  write_input();
  for (int i = 0; i < kMostReads; ++i) {
    const bool some_out = take(process_.out, result_.out);
    const bool some_err = take(process_.err, result_.err);
    if (!some_out && !some_err) {
      return;
    }
  }
}

bool RemoteProcess::take(link::Descriptor& from, std::string& to) {
  std::array<char, 4096> buffer{};
  const auto n =
      from ? ::read(from.get(), buffer.data(), buffer.size()) : ssize_t{-1};
  if (n > 0) {
    const auto came = static_cast<std::size_t>(n);
    const auto kept = std::min(came, most_bytes_ - to.size());
    to.append(buffer.data(), kept);
    result_.is_cut = result_.is_cut || kept < came;
  } else if (n == 0) {
    from.reset();
  }
  return n > 0;
}

void RemoteProcess::write_input() {
  while (process_.in && !input_.empty()) {
    const auto n = ::write(process_.in.get(), input_.data(), input_.size());
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      return;
    }
    // Who reads no more tells in its own way what it missed.
    input_ =
        n < 0 ? std::string_view() : input_.substr(static_cast<std::size_t>(n));
  }
  process_.in.reset();
}

bool RemoteProcess::is_over(Time now) {
  int status = 0;
  if (::waitpid(process_.pid, &status, WNOHANG) == process_.pid) {
    process_.pid = 0;
    result_.end = RankEnd::from_status(status);
    pump(); // the last that it wrote
    return true;
  }
  if (now >= deadline_) {
    stop();
    pump();
    return true;
  }
  return false;
}

} // namespace lockstep::launch
