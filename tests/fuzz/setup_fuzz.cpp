// What `init` reads: a gravitee.yml, the files of a unit, and back what it writes itself.
#include "input.hpp"
#include "setup/configuration_writer.hpp"
#include "setup/environment_file.hpp"
#include "setup/gravitee_settings.hpp"
#include "setup/shell_words.hpp"
#include "setup/unit_words.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace setup = renewd::setup;
  using renewd::fuzz::expect;
  const std::string_view text = renewd::fuzz::text_of(data, size);
  const setup::Environment environment{{"HOME", "/opt/gravitee dir"}, {"A", "'quoted' $HOME"}};
  for (const std::string& line : setup::logical_lines(text)) {
    expect(!line.empty());
    if (const auto words = setup::split_words(line)) {
      (void)setup::expand_variables(*words, environment);
    }
  }
  (void)setup::split_words(text);
  (void)setup::shell_words(text, environment);
  for (const std::string& word : setup::split_at_space(text)) {
    expect(!word.empty() && text.find(word) != std::string_view::npos);
  }
  (void)setup::expand_specifiers(text, "a@b.service");
  for (const auto& [name, value] : setup::parse_environment_file(text)) {
    expect(!name.empty());
  }
  if (const auto settings = setup::GraviteeSettings::read(text)) {
    (void)settings->find("cockpit.keystore.path");
    (void)settings->find("a");
  }
  // Any text that can be written reads as itself.
  if (const auto scalar = setup::yaml_scalar(text)) {
    const auto document = renewd::configuration::read_yaml("{a: " + *scalar + "}\n");
    expect(document && document->root->entries.at(0).value->text == text);
  }
  return 0;
}
