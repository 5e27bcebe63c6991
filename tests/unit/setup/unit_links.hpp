// Files and links of units, and how systemd resolves each name. tests/system compares them with systemd, the tests here
// with setup/unit_names.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace renewd::testing {

inline constexpr std::string_view kUnitPlace = "/run/systemd/system/";

struct UnitFile {
  const char* name;
  const char* text;
};
inline constexpr std::array<UnitFile, 4> kUnitFiles{{
    {"real.service", "[Service]\nExecStart=/bin/true\n"},
    {"tpl@.service", "[Service]\nExecStart=/bin/true\n"},
    {"own@eu.service", "[Service]\nExecStart=/bin/true\n"},
    {"empty.service", ""},
}};

struct UnitLink {
  const char* name;
  const char* target;
};
inline constexpr std::array<UnitLink, 17> kUnitLinks{{
    {"a.service", "real.service"},
    {"b.service", "a.service"},
    {"absolute.service", "/run/systemd/system/real.service"},
    {"around.service", "../../systemd/system/real.service"},
    {"masked.service", "/dev/null"},
    {"to-masked.service", "masked.service"},
    {"to-empty.service", "empty.service"},
    {"dangling.service", "gone.service"},
    {"dangling-outside.service", "/srv/none/gone.service"},
    {"inst@eu.service", "tpl@eu.service"},
    {"inst@us.service", "tpl@.service"},
    {"other@.service", "tpl@.service"},
    {"tpl@fr.service", "tpl@.service"},
    {"inst@it.service", "tpl@fr.service"},
    {"plain-to-template.service", "tpl@.service"},
    {"plain-to-instance.service", "own@eu.service"},
    {"inst@plain.service", "real.service"},
}};

struct ExpectedIdentity {
  const char* asked_for;
  const char* name;
  const char* load_state;
};
inline constexpr std::array<ExpectedIdentity, 20> kUnitIdentities{{
    {"real.service", "real.service", "loaded"},
    {"a.service", "real.service", "loaded"},
    {"b.service", "real.service", "loaded"},
    {"absolute.service", "real.service", "loaded"},
    {"around.service", "real.service", "loaded"},
    {"masked.service", "masked.service", "masked"},
    {"to-masked.service", "masked.service", "masked"},
    {"to-empty.service", "empty.service", "masked"},
    {"dangling.service", "dangling.service", "not-found"},
    {"dangling-outside.service", "dangling-outside.service", "not-found"},
    {"inst@eu.service", "tpl@eu.service", "loaded"},
    {"inst@us.service", "tpl@us.service", "loaded"},
    {"other@de.service", "tpl@de.service", "loaded"},
    {"tpl@fr.service", "tpl@fr.service", "loaded"},
    {"tpl@any.service", "tpl@any.service", "loaded"},
    {"inst@it.service", "inst@it.service", "not-found"},
    {"plain-to-template.service", "plain-to-template.service", "not-found"},
    {"plain-to-instance.service", "plain-to-instance.service", "not-found"},
    {"inst@plain.service", "inst@plain.service", "not-found"},
    {"none.service", "none.service", "not-found"},
}};

}  // namespace renewd::testing
