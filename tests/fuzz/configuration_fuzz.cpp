// The configuration file.
#include "configuration/loader.hpp"
#include "core/text.hpp"
#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using renewd::fuzz::expect;
  const std::string_view text = renewd::fuzz::text_of(data, size);
  const auto settings = renewd::configuration::parse(text);
  if (settings) {
    for (const auto& certificate : settings->certificates) {
      expect(!certificate.name.empty() && certificate.name.find_first_of("./") == std::string::npos);
      for (const auto* windows : {&certificate.renew_windows, &certificate.activate_windows}) {
        for (const auto& window : *windows) {
          expect(window.days.any() && window.from != window.to && window.from < std::chrono::hours(24));
        }
      }
    }
    return 0;
  }
  // Every error has a text for people, and a place in the file.
  const auto& errors = settings.error();
  expect(!errors.empty() && errors.size() <= renewd::configuration::DiagnosticSink::kLimit + 1);
  // YAML also counts lines that end in CR.
  const auto lines = std::ranges::count_if(text, [](char c) { return c == '\n' || c == '\r'; }) + 1;
  for (const auto& error : errors) {
    expect(!error.message.empty() && renewd::escaped(error.message) == error.message);
    expect(error.place.line >= 0 && error.place.line <= lines + 1 && error.place.column >= 0);
  }
  expect(std::ranges::is_sorted(errors, {}, &renewd::configuration::Diagnostic::place));
  return 0;
}
