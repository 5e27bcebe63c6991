#include "gateway/program.hpp"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <string_view>

#include <fmt/format.h>

#include "core/descriptor.hpp"
#include "core/text.hpp"
#include "core/trusted_path.hpp"
#include "core/try.hpp"
#include "gateway/env_line.hpp"
#include "gateway/process_handle.hpp"

namespace renewd::gateway {
namespace {

namespace fs = std::filesystem;

// The kernel reads no more of a script's first line (BINPRM_BUF_SIZE, linux/binfmts.h).
constexpr std::size_t kFirstLine = 256;
// How deep interpreters may be scripts themselves (exec_binprm in the kernel).
constexpr int kMostInterpreters = 5;
// Including the terminating zero (MAX_ARG_STRLEN, execve(2)).
constexpr std::size_t kLongestArgument = std::size_t{32} * 4096;

// This processor's architecture, and the one it may also run; if it does not, the loader is missing.
#if defined(__x86_64__)
constexpr std::array<Elf64_Half, 2> kMachines{EM_X86_64, EM_386};
#elif defined(__aarch64__)
constexpr std::array<Elf64_Half, 2> kMachines{EM_AARCH64, EM_ARM};
#else
constexpr std::array<Elf64_Half, 0> kMachines{};  // not checked
#endif

tl::unexpected<Error> refused(const std::string& program, const std::string& why) {
  return failure(ErrorKind::gateway, fmt::format("running {}: {}", program, why));
}

// Whether binfmt_misc adds executable formats. If our unit hides /proc/sys (ProcSubset=pid), assume that it does.
bool has_further_formats() {
  std::error_code error;
  const fs::directory_iterator entries("/proc/sys/fs/binfmt_misc", error);
  if (error) {
    return !fs::exists("/proc/sys", error);
  }
  return std::any_of(begin(entries), end(entries), [](const fs::directory_entry& entry) {
    return entry.path().filename() != "register" && entry.path().filename() != "status";
  });
}

// Whether the kernel would open the file to execute it.
Result<void> check_executable(const std::string& file) {
  struct stat status{};
  if (::stat(file.c_str(), &status) != 0) {
    return system_failure(ErrorKind::gateway, "running " + file, errno);
  }
  if (!S_ISREG(status.st_mode)) {
    return refused(file, S_ISDIR(status.st_mode) ? "it is a directory" : "it is not a regular file");
  }
  if (::faccessat(AT_FDCWD, file.c_str(), X_OK, AT_EACCESS) != 0) {
    const int error = errno;
    struct statvfs mount{};
    if (error == EACCES && ::statvfs(file.c_str(), &mount) == 0 && (mount.f_flag & ST_NOEXEC) != 0) {
      return refused(file, "it is on a file system that is mounted noexec");
    }
    return system_failure(ErrorKind::gateway, "running " + file, error);
  }
  return {};
}

Result<std::string> search_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return name;
  }
  const char* path = std::getenv("PATH");
  std::istringstream directories(path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path);
  for (std::string directory; std::getline(directories, directory, ':');) {
    std::string candidate = fmt::format("{}/{}", directory, name);
    if (check_executable(candidate)) {
      return candidate;
    }
  }
  return refused(name, "no such program in PATH");
}

template <typename Header, typename Segment>
Result<void> check_loader(const std::string& program, const Descriptor& file, std::string_view head) {
  Header header;
  if (head.size() < sizeof(header)) {
    return refused(program, "it is truncated");
  }
  std::memcpy(&header, head.data(), sizeof(header));
  const bool known = std::find(kMachines.begin(), kMachines.end(), header.e_machine) != kMachines.end();
  if (!kMachines.empty() && !known && !has_further_formats()) {
    return refused(program,
                   fmt::format("it was built for another processor architecture (ELF machine {})", header.e_machine));
  }
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Segment segment;
    const auto offset = static_cast<off_t>(header.e_phoff + std::uint64_t{i} * sizeof(segment));
    if (::pread(file.get(), &segment, sizeof(segment), offset) != static_cast<ssize_t>(sizeof(segment))) {
      return refused(program, "it is truncated");
    }
    if (segment.p_type != PT_INTERP || segment.p_filesz == 0 || segment.p_filesz > PATH_MAX) {
      continue;
    }
    std::string loader(segment.p_filesz, '\0');
    if (::pread(file.get(), loader.data(), loader.size(), static_cast<off_t>(segment.p_offset)) < 0) {
      return refused(program, "it is truncated");
    }
    loader.resize(std::min(loader.find('\0'), loader.size()));
    if (const auto there = check_executable(loader); !there) {
      return refused(program, fmt::format("its dynamic loader: {}", there.error().message));
    }
  }
  return {};
}

// The kernel would execute env(1), which would then not find its program.
Result<void> check_env(const std::string& program, std::string_view argument) {
  const auto name = program_of_env(argument);
  const auto found = name ? search_program(*name).and_then(check_executable) : Result<void>();
  if (found) {
    return {};
  }
  const bool in_words = name->find_first_of(" \t") != std::string::npos;
  return refused(
      program,
      "its interpreter: " +
          (in_words ? fmt::format("env takes \"{}\" as the name of one program; use #!/usr/bin/env -S to split it",
                                  printable(*name))
                    : found.error().message));
}

Result<void> check_format(const std::string& program, int depth);

Result<void> check_script(const std::string& program, std::string_view head, int depth) {
  const std::string line(head.substr(2, head.find('\n') - 2));
  const std::size_t carriage_return = line.find('\r');
  const std::size_t begin = std::min(line.find_first_not_of(" \t"), line.size());
  const std::size_t end = std::min(line.find_first_of(" \t\r", begin), line.size());
  const std::string interpreter = line.substr(begin, end - begin);
  if (carriage_return != std::string::npos) {
    return refused(program,
                   "its first line ends with a carriage return, which the kernel takes as part of the interpreter's "
                   "name; remove it: sed -i 's/\\r$//' FILE");
  }
  if (interpreter.empty()) {
    return refused(program, "its first line names no interpreter");
  }
  if (end == line.size() && head.find('\n') == std::string_view::npos && head.size() == kFirstLine) {
    return refused(program,
                   fmt::format("its first line is longer than the {} bytes that the kernel reads", kFirstLine));
  }
  if (depth == kMostInterpreters) {
    return refused(program, "its interpreter is a script whose interpreter is a script, nested too deeply");
  }
  if (auto there = check_executable(interpreter); !there) {
    return refused(program, "its interpreter: " + there.error().message);
  }
  if (interpreter == "/usr/bin/env" || interpreter == "/bin/env") {
    return check_env(program, std::string_view(line).substr(end));
  }
  return check_format(interpreter, depth + 1).map_error([&](Error error) {
    error.message = fmt::format("running {}: its interpreter: {}", program, error.message);
    return error;
  });
}

// By the file's first bytes, as in the kernel. A program that is executable but not readable is accepted.
Result<void> check_format(const std::string& program, int depth) {
  const Descriptor file(::open(program.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) {
    return {};
  }
  std::string head(kFirstLine, '\0');
  head.resize(static_cast<std::size_t>(std::max<ssize_t>(::read(file.get(), head.data(), head.size()), 0)));
  if (head.starts_with("#!")) {
    return check_script(program, head, depth);
  }
  if (head.starts_with(ELFMAG) && head.size() > EI_CLASS) {
    return head[EI_CLASS] == ELFCLASS64 ? check_loader<Elf64_Ehdr, Elf64_Phdr>(program, file, head)
                                        : check_loader<Elf32_Ehdr, Elf32_Phdr>(program, file, head);
  }
  if (has_further_formats()) {
    return {};
  }
  if (head.starts_with("\xEF\xBB\xBF#!")) {
    return refused(program, "it begins with a byte order mark instead of #!; remove the mark");
  }
  return refused(program, head.empty()
                              ? "it is empty"
                              : "it is neither a program nor a script; the first line of a script must name its "
                                "interpreter, such as #!/bin/sh");
}

Result<void> check_length(const std::vector<std::string>& argv) {
  std::size_t total = 0;
  for (const auto& word : argv) {
    total += word.size() + 1 + sizeof(char*);
    if (word.size() >= kLongestArgument) {
      return refused(argv.front(), fmt::format("an argument is longer than {} bytes", kLongestArgument - 1));
    }
  }
  const long most = ::sysconf(_SC_ARG_MAX);
  if (most > 0 && total >= static_cast<std::size_t>(most)) {
    return refused(argv.front(), fmt::format("its arguments are longer than {} bytes in total", most));
  }
  return {};
}

}  // namespace

Result<std::string> find_program(const std::string& name) {
  TRY_LET(std::string program, search_program(name));
  // A user who can change the program could run anything as this user.
  const auto others = changed_by_others(program, ::geteuid());
  if (others && others->empty()) {
    return program;
  }
  TRY(check_program(program));  // the more useful error
  return others ? refused(program, "refused, because other users can change it: " + *others)
                : tl::unexpected(with_context("running " + program, others.error()));
}

Result<void> check_program(const std::string& program) {
  TRY(check_executable(program));
  return check_format(program, 0);
}

Result<std::string> check_command(const std::vector<std::string>& argv) {
  TRY(check_length(argv));
  // ChildProcess needs pidfds.
  TRY_LET(const Descriptor self, open_process(::getpid()));
  TRY_LET(std::string program, search_program(argv.front()));
  TRY(check_program(program));
  return find_program(program);
}

}  // namespace renewd::gateway
