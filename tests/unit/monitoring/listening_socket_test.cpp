#include "monitoring/listening_socket.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include <boost/asio/io_context.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd;
using namespace renewd::monitoring;
using renewd::testing::TemporaryDirectory;
using renewd::testing::write_file;

namespace fs = std::filesystem;

TEST_CASE("a link that takes the place of the new socket leads the change of mode nowhere") {
  const TemporaryDirectory directory;
  const fs::path socket = directory / "socket";
  const fs::path victim = directory / "victim";
  write_file(victim, "");
  REQUIRE(::chmod(victim.c_str(), 0600) == 0);
  std::atomic<bool> ended = false;
  std::thread enemy([&] {
    while (!ended) {
      if (fs::is_socket(fs::symlink_status(socket))) {
        fs::create_symlink(victim, directory / "next");
        fs::rename(directory / "next", socket);
      }
    }
  });
  boost::asio::io_context io;
  for (int i = 0; i < 300; ++i) {
    // Refused, or listening, depending on when the enemy comes.
    (void)listen_on(io.get_executor(), socket);
    ::unlink(socket.c_str());
  }
  ended = true;
  enemy.join();
  struct stat status{};
  REQUIRE(::stat(victim.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
}

TEST_CASE("root makes no socket in a directory that others can change") {
  if (::geteuid() != 0) {
    WARN("skipped: it is about root");
    return;
  }
  const TemporaryDirectory directory;
  fs::create_directory(directory / "gateway");
  REQUIRE(::chown((directory / "gateway").c_str(), 3456, 3456) == 0);
  boost::asio::io_context io;
  const auto listening = listen_on(io.get_executor(), directory / "gateway/socket");
  REQUIRE(!listening);
  CHECK_THAT(listening.error().message, ContainsSubstring("root does not write where other users can"));
  CHECK(fs::is_empty(directory / "gateway"));
}
