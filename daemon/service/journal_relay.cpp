#include "service/journal_relay.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "service/journal.hpp"

namespace renewd::service {
namespace {

// systemd.io/JOURNAL_NATIVE_PROTOCOL
constexpr std::string_view kJournal = "/run/systemd/journal/socket";
constexpr std::string_view kUnitField = "OBJECT_SYSTEMD_UNIT=gravitee-renewd.service\n";
constexpr std::size_t kEntryLimit = std::size_t{128} * 1024;

Descriptor connect_to_journal() {
  Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  kJournal.copy(address.sun_path, kJournal.size());
  const bool connected =
      socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  return connected ? std::move(socket) : Descriptor();
}

// In the child: until the parent, whose signals are not for this process, has ended.
[[noreturn]] void pass_on(const Descriptor& from, const Descriptor& journal) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGTSTP, SIGPIPE}) {
    (void)::signal(signal, SIG_IGN);
  }
  // Whoever reads the parent's output must not wait for this process.
  if (const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC); null >= 0) {
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      ::dup2(null, standard);
    }
  }
  std::string buffer(kEntryLimit, '\0');
  while (true) {
    const ssize_t size = ::recv(from.get(), buffer.data(), buffer.size(), 0);
    if (size < 0 && errno == EINTR) {
      continue;
    }
    if (size <= 0) {
      ::_exit(0);
    }
    const std::string entry = relayed_entry({buffer.data(), static_cast<std::size_t>(size)});
    (void)!::send(journal.get(), entry.data(), entry.size(), MSG_NOSIGNAL);
  }
}

// The socket to a child that stays root.
Descriptor start_child(const Descriptor& journal) {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    return {};
  }
  Descriptor ours(ends[0]);
  const Descriptor theirs(ends[1]);
  const pid_t child = ::fork();
  if (child == 0) {
    ours = Descriptor();
    pass_on(theirs, journal);
  }
  return child > 0 ? std::move(ours) : Descriptor();
}

bool is_our_field(std::string_view line) {
  constexpr std::array<std::string_view, 3> kOurs{"MESSAGE=", "MESSAGE_ID=", "PRIORITY="};
  return line.starts_with("GRAVITEE_") || line == "SYSLOG_IDENTIFIER=gravitee-renewd" ||
         std::ranges::any_of(kOurs, [line](std::string_view name) { return line.starts_with(name); });
}

}  // namespace

std::string relayed_entry(std::string_view entry) {
  std::string relayed(kUnitField);
  while (!entry.empty()) {
    const auto end = std::min(entry.find('\n'), entry.size());
    const std::string_view line = entry.substr(0, end);
    entry.remove_prefix(std::min(end + 1, entry.size()));
    // A line without a value would begin a binary field.
    if (is_our_field(line) && line.find('=') != std::string_view::npos) {
      relayed.append(line).append("\n");
    }
  }
  return relayed;
}

std::shared_ptr<JournalRelay> JournalRelay::start(std::string command) {
  Descriptor journal = connect_to_journal();
  if (!journal) {
    return nullptr;
  }
  Descriptor socket = ::geteuid() == 0 ? start_child(journal) : std::move(journal);
  return socket ? std::shared_ptr<JournalRelay>(new JournalRelay(std::move(socket), std::move(command))) : nullptr;
}

void JournalRelay::write(const Event& event) {
  if (!shows(event.level)) {
    return;
  }
  std::string entry;
  for (const std::string& field : journal_fields(event)) {
    // Events are escaped: no value has a line break, which would need another form.
    entry.append(field).append("\n");
  }
  entry.append("GRAVITEE_COMMAND=").append(command_).append("\n");
  (void)!::send(socket_.get(), entry.data(), entry.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace renewd::service
