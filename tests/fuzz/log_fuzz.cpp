// A gateway's log, with the patterns of the configuration, and a child's output. The first line of the input is the
// pattern for `ready`, the second that for `failed`, the third a position in the log as the journal has it (the word
// HERE stands for the identity of the file); the rest is the log.
#include <sys/stat.h>

#include <fmt/format.h>

#include "core/text.hpp"
#include "gateway/env_line.hpp"
#include "gateway/log_file.hpp"
#include "gateway/log_lines.hpp"
#include "gateway/log_matcher.hpp"
#include "gateway/output_lines.hpp"
#include "input.hpp"

namespace {

using namespace renewd;
using namespace renewd::gateway;
using renewd::fuzz::expect;

constexpr std::string_view kSecret = "s3cr3t-word";
constexpr LogMatcher::TimePoint kStart{std::chrono::hours(1)};

std::optional<Pattern> compile(std::string_view text) {
  if (text.empty() || text.size() > 200) {
    return std::nullopt;
  }
  auto pattern = Pattern::compile(text);
  if (!pattern) {
    expect(escaped(pattern.error()) == pattern.error());
    return std::nullopt;
  }
  expect(pattern->text() == text);
  return std::move(*pattern);
}

std::vector<std::string> lines_of(std::string_view bytes, std::size_t cut) {
  std::vector<std::string> lines;
  const LineSink sink = [&lines](std::string_view line) {
    expect(!line.empty() && line.size() <= kLogLineLimit &&
           line.find_first_of(std::string_view("\n\0", 2)) == line.npos);
    lines.emplace_back(line);
  };
  LogLines split;
  split.add(bytes.substr(0, cut), sink);
  split.add(bytes.substr(cut), sink);
  split.finish(sink);
  return lines;
}

Redaction redaction() {
  Redaction redacted;
  redacted.hide("word", Secret(kSecret));
  return redacted;
}

bool quotes_secret(const std::optional<Pattern>& pattern) {
  return pattern && pattern->text().find(kSecret) != std::string::npos;
}

// The last line that says something decides: as one that goes through the log from its end sees it.
void judge(const std::vector<std::string>& lines, std::optional<Pattern> ready, std::optional<Pattern> failed) {
  LogMatcher matcher(ready, failed, redaction());
  enum class Said { nothing, ready, failed } last = Said::nothing;
  for (const std::string& line : lines) {
    matcher.add(line, kStart);
    if (failed && failed->found_in(line)) {
      last = Said::failed;
    } else if (ready && ready->found_in(line)) {
      last = Said::ready;
    }
  }
  for (const auto later : {std::chrono::seconds(0), kSecondChance}) {
    const auto result = matcher.result(kStart + later, "the log");
    const std::string& message = result ? result->message : result.error().message;
    expect(escaped(message) == message);
    // A message may name the pattern, which is the operator's.
    expect(quotes_secret(ready) || quotes_secret(failed) || message.find(kSecret) == std::string::npos);
    if (last == Said::failed) {
      expect(ready && later < kSecondChance ? result && result->verdict == Verdict::not_yet : !result);
    } else {
      expect(result && (result->verdict == Verdict::passed) == (last == Said::ready || !ready));
    }
  }
}

// However the pipe cuts it.
void deliver(std::string_view bytes, std::size_t cut) {
  const auto delivered = [&](std::size_t at) {
    std::vector<std::string> lines;
    OutputLines output([&lines](std::string_view line) { lines.emplace_back(line); }, redaction());
    output.add(bytes.substr(0, at));
    output.add(bytes.substr(at));
    output.finish();
    expect(escaped(output.last()) == output.last());
    lines.push_back(output.last());
    return lines;
  };
  const auto lines = delivered(bytes.size());
  expect(lines.size() <= kLinesDelivered + 2);
  for (const std::string& line : lines) {
    expect(escaped(line) == line);
  }
  expect(lines == delivered(cut));
}

// A position that another program wrote, of a file that can be read: the log is read to its end.
void read_file(std::string_view position, std::string_view bytes) {
  static const fuzz::Scratch scratch;
  static const std::filesystem::path file = scratch.path() / "gateway.log";
  fuzz::put(file, bytes);
  struct stat status{};
  expect(::stat(file.c_str(), &status) == 0);
  std::string text(position.substr(0, 200));
  constexpr std::string_view kHere = "HERE";
  if (const auto at = text.find(kHere); at != std::string::npos) {
    text.replace(at, kHere.size(), fmt::format("{}:{}", status.st_dev, status.st_ino));
    text += " " + file.string();
  }
  std::size_t read = 0;
  LogFile log(file, text);
  const auto unread = log.read([&read](std::string_view line) { read += line.size(); });
  expect(unread && unread->empty() && read <= bytes.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(fuzz::text_of(data, size));
  const auto ready = compile(input.line());
  const auto failed = compile(input.line());
  const std::string_view position = input.line();
  const std::string_view bytes = input.rest();
  const std::size_t cut = bytes.size() / 2;
  const auto lines = lines_of(bytes, cut);
  expect(lines == lines_of(bytes, bytes.size()));
  if (ready || failed) {
    judge(lines, ready, failed);
  }
  deliver(bytes, cut);
  read_file(position, bytes);
  for (const std::string& line : lines) {
    if (const auto program = program_of_env(line)) {
      expect(!program->empty() && line.find(*program) != std::string::npos);
    }
  }
  return 0;
}
