#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "link/handshake.h"
#include "link/message.h"
#include "link/secret.h"
#include "link/socket.h"
#include "link/tcp.h"

namespace lockstep::link {

// The other end, played by the test.
class FakeLauncher {
 public:
  FakeLauncher() : listener_((directory_ / "lifeline").string()) {}
  /// Over TCP, with a secret.
  explicit FakeLauncher(const Secret& secret)
      : listener_((directory_ / "lifeline").string()),
        tcp_(std::in_place, "127.0.0.1"),
        doorkeeper_(secret) {}
  ~FakeLauncher() { std::filesystem::remove_all(directory_); }
  FakeLauncher(const FakeLauncher&) = delete;
  FakeLauncher& operator=(const FakeLauncher&) = delete;

  std::string address() const {
    return tcp_ ? tcp_->address() : listener_.address();
  }
  void accept() {
    wait_for(tcp_ ? tcp_->fd() : listener_.fd());
    socket_ = tcp_ ? tcp_->accept() : listener_.accept();
    REQUIRE(socket_);
  }
  /// What the rank's answer to our challenge earns.
  std::optional<Proof> challenge() {
    say(doorkeeper_->challenge());
    const auto message = hear();
    REQUIRE(message);
    return doorkeeper_->admit(std::get<Answer>(*message));
  }
  /// The next message; nothing at the end of the stream.
  std::optional<Message> hear() {
    while (true) {
      if (const auto frame = reader_.next()) {
        return decode(*frame, "the rank");
      }
      wait_for(socket_.get());
      const auto received = receive(socket_.get());
      if (received.closed) {
        return std::nullopt;
      }
      reader_.feed(received.bytes);
    }
  }
  /// The next that is not a Status.
  std::optional<Message> hear_word() {
    auto message = hear();
    while (message && std::holds_alternative<Status>(*message)) {
      message = hear();
    }
    return message;
  }
  void say(const Message& message, std::span<const int> descriptors = {}) {
    say_bytes(encode(message), descriptors);
  }
  void say_bytes(
      const std::string& bytes, std::span<const int> descriptors = {}) {
    CHECK(
        send_some(socket_.get(), bytes, descriptors) ==
        static_cast<ssize_t>(bytes.size()));
  }
  void hang_up() { socket_.reset(); }

 private:
  static void wait_for(int fd) {
    pollfd waiting{fd, POLLIN, 0};
    REQUIRE(::poll(&waiting, 1, 10000) == 1);
  }
  static std::filesystem::path make_directory() {
    auto name =
        (std::filesystem::temp_directory_path() / "link-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    return name;
  }

  std::filesystem::path directory_ = make_directory();
  Listener listener_;
  std::optional<TcpListener> tcp_;
  std::optional<Doorkeeper> doorkeeper_;
  Descriptor socket_;
  FrameReader reader_{"the rank"};
};

// A rank in a process of its own; its exit status.
class FakeProcess {
 public:
  explicit FakeProcess(const std::function<int()>& body) {
    std::cout.flush(); // or the child writes it again
    pid_ = ::fork();
    if (pid_ == 0) {
      int code = 1;
      try {
        code = body();
      } catch (const std::exception&) {
        code = 99;
      }
      ::_exit(code);
    }
  }
  pid_t pid() const { return pid_; }
  int exit_code() {
    int status = 0;
    for (int i = 0; i < 1000; ++i) {
      if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status, 0);
    return -1000;
  }

 private:
  pid_t pid_ = -1;
};

} // namespace lockstep::link
