// What `init` reads: a gravitee.yml, the files of a unit, and back what it writes itself.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "setup/configuration_writer.hpp"
#include "setup/environment_file.hpp"
#include "setup/gravitee_settings.hpp"
#include "setup/unit_words.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace setup = renewd::setup;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)setup::split_words(text);
  (void)setup::expand_specifiers(text, "a@b.service");
  for (const auto& [name, value] : setup::parse_environment_file(text)) {
    if (name.empty()) {
      std::abort();
    }
  }
  if (const auto settings = setup::GraviteeSettings::read(text)) {
    (void)settings->find("cockpit.keystore.path");
    (void)settings->find("a");
  }
  // Any text that can be written reads as itself.
  if (const auto scalar = setup::yaml_scalar(text)) {
    const auto document = renewd::configuration::read_yaml("{a: " + *scalar + "}\n");
    if (!document || document->root->entries.at(0).value->text != text) {
      std::abort();
    }
  }
  return 0;
}
