#pragma once

#include <filesystem>

#include "link/descriptor.h"

namespace lockstep::launch {

/// A private directory (mode 0700) for what one run needs: the control
/// socket, the host file, Open MPI's session and shared memory. In memory
/// where the system has such a place. Removed with all it holds at the end;
/// what a killed launcher left behind is removed by the next one.
class RunDirectory {
 public:
  /// Throws Error{network} naming the place when none can be made.
  RunDirectory();
  /// In `base`.
  explicit RunDirectory(const std::filesystem::path& base);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// Writes a file only we can read; returns its path.
  std::filesystem::path write(const char* name, const std::string& text) const;

 private:
  std::filesystem::path path_;
  link::Descriptor lock_; // held while we live; the kernel lets it go
};

} // namespace lockstep::launch
