// What the kernel can execute, as the rehearsal of a command judges it.
#include "gateway/program.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <string>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"
#include "unit/gateway/command.hpp"

namespace {

using namespace renewd;
using renewd::gateway::testing::Command;
using renewd::testing::read_file;
using renewd::testing::TemporaryDirectory;
using renewd::testing::write_file;

// Why the rehearsal refuses a program that also fails when it runs.
std::string refusal(const std::string& program) {
  Command command({program});
  const auto activation = command.activate();
  REQUIRE_FALSE(activation);
  CHECK(activation.error().kind == ErrorKind::gateway);
  const auto rehearsed = command.loop.finish(command.action.rehearse());
  REQUIRE_FALSE(rehearsed);
  // For a script that env(1) runs, the error comes from env.
  CHECK((rehearsed.error().message == activation.error().message ||
         activation.error().message.find("/env:") != std::string::npos));
  return rehearsed.error().message;
}

}  // namespace

TEST_CASE("a command that cannot be started is reported with the reason") {
  const TemporaryDirectory directory;
  write_file(directory / "not-executable", "#!/bin/sh\n");
  write_file(directory / "no-program", "just text");
  ::chmod((directory / "no-program").c_str(), 0755);
  CHECK_THAT(refusal("/nonexistent/restart"), ContainsSubstring("No such file"));
  CHECK_THAT(refusal("renewd-no-such-program"), ContainsSubstring("in PATH"));
  CHECK_THAT(refusal(directory / "not-executable"), ContainsSubstring("Permission denied"));
  CHECK_THAT(refusal(directory.path()), ContainsSubstring("directory"));
  CHECK_THAT(refusal("/dev/null"), ContainsSubstring("not a regular file"));
  CHECK_THAT(refusal(directory / "no-program"), ContainsSubstring("#!/bin/sh"));
}

TEST_CASE("the rehearsal refuses a script that the kernel could not execute") {
  const TemporaryDirectory directory;
  const auto script = [&](const std::string& content) {
    write_file(directory / "script", content);
    ::chmod((directory / "script").c_str(), 0755);
    return refusal(directory / "script");
  };
  CHECK_THAT(script("#!/bin/sh\r\nexit 0\r\n"), ContainsSubstring("carriage return"));
  CHECK_THAT(script("#!/usr/bin/env sh\r\nexit 0\r\n"), ContainsSubstring("carriage return"));
  CHECK_THAT(script("#!/nonexistent/sh\nexit 0\n"), ContainsSubstring("interpreter"));
  CHECK_THAT(script("#! \t/etc/passwd -x\nexit 0\n"), ContainsSubstring("Permission denied"));
  CHECK_THAT(script("#!/usr/bin/env -S A=b renewd-no-such-program -x\n"), ContainsSubstring("in PATH"));
  CHECK_THAT(script("#!/usr/bin/env -S -u A --unset=PA B=c renewd-no-such-program\n"), ContainsSubstring("in PATH"));
  CHECK_THAT(script("#!/usr/bin/env sh -e\n"), ContainsSubstring("#!/usr/bin/env -S"));
  CHECK_THAT(script("#!\nexit 0\n"), ContainsSubstring("no interpreter"));
  CHECK_THAT(script("#!/" + std::string(300, 'x') + "\n"), ContainsSubstring("256 bytes"));
  CHECK_THAT(script(""), ContainsSubstring("empty"));
  CHECK_THAT(script("exit 0\n"), ContainsSubstring("#!/bin/sh"));
  CHECK_THAT(script("\xEF\xBB\xBF#!/bin/sh\nexit 0\n"), ContainsSubstring("byte order mark"));
  CHECK_THAT(script("#!" + (directory / "script").string() + "\n"), ContainsSubstring("interpreter is a script"));
}

TEST_CASE("scripts and programs that the kernel can execute are run") {
  const TemporaryDirectory directory;
  for (const char* content : {"#!/bin/sh", "#! /bin/sh -e\nexit 0\n", "#!\t/usr/bin/env -S A=b sh\nexit 0\n"}) {
    CAPTURE(content);
    write_file(directory / "script", content);
    ::chmod((directory / "script").c_str(), 0755);
    Command command({(directory / "script").string()});
    CHECK(command.loop.finish(command.action.rehearse()));
    CHECK(command.activate());
  }
}

TEST_CASE("the rehearsal accepts a script that env runs with options") {
  const TemporaryDirectory directory;
  for (const char* line : {"sh",
                           " sh\t",
                           "-S sh -e",
                           "-Ssh",
                           "-S -u NAME sh",
                           "-S -uNAME sh",
                           "-S --unset NAME sh",
                           "-S --unset=NAME sh",
                           "-S -i sh",
                           "-S - sh",
                           "-S -- sh",
                           "-S -C / sh",
                           "-S --chdir=/ sh",
                           "-S -C / ./bin/sh",
                           "-S -iu NAME A=b sh",
                           "-S PATH=/nonexistent:/bin sh",
                           "-S -u PATH sh",
                           "-iS sh",
                           "-vS sh",
                           "-viS PATH=/bin sh",
                           "--split-string=sh -e",
                           "-S --ignore-signal sh",
                           "-S --ignore-signal=PIPE sh",
                           "-S --default-signal=INT --block-signal=HUP sh",
                           "-S --ignore-env sh",
                           "-S \"sh\" '-e'",
                           "-S sh\\_-e",
                           "-S ${HOME}/../bin/sh",
                           "-S sh # with a remark",
                           "-S env -i sh"}) {
    CAPTURE(line);
    write_file(directory / "script", std::string("#!/usr/bin/env ") + line + "\nexit 0\n");
    ::chmod((directory / "script").c_str(), 0755);
    Command command({(directory / "script").string()});
    CHECK(command.loop.finish(command.action.rehearse()));
    const auto activation = command.activate();
    INFO((activation ? "" : activation.error().message));
    CHECK(activation);
  }
}

TEST_CASE("the rehearsal refuses a program for another processor, or without its loader") {
  const TemporaryDirectory directory;
  const auto changed = [&](const std::function<void(std::string&)>& change) {
    std::string program = read_file("/bin/true");
    change(program);
    write_file(directory / "program", program);
    ::chmod((directory / "program").c_str(), 0755);
    return refusal(directory / "program");
  };
  CHECK_THAT(changed([](std::string& program) { program[18] = 0x16; }), ContainsSubstring("ELF machine"));
  CHECK_THAT(changed([](std::string& program) { program.at(program.find("/ld-linux") + 1) = 'X'; }),
             ContainsSubstring("loader"));
  CHECK_THAT(changed([](std::string& program) { program.resize(100); }), ContainsSubstring("truncated"));
}

TEST_CASE("the rehearsal refuses arguments that are too long for the kernel") {
  Command command({"/bin/true", std::string(200'000, 'x')});
  CHECK_FALSE(command.activate());
  const auto rehearsed = command.loop.finish(command.action.rehearse());
  REQUIRE_FALSE(rehearsed);
  CHECK_THAT(rehearsed.error().message, ContainsSubstring("131071 bytes"));
}
