#include "commands/permission_files.hpp"

#include "support/catch.hpp"

namespace renewd::commands {
namespace {

const Permissions kStock{.user = "gravitee-renewd",
                         .group = "gravitee-renewd",
                         .units = {"graviteeio-apim-gateway.service"},
                         .writable = {"/opt/graviteeio/apim/gateway/config"},
                         .credentials = {}};

// Without the comments.
std::string settings(const std::string& text) {
  std::string lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin) + 1;
    if (text[begin] != '#') {
      lines += text.substr(begin, end - begin);
    }
    begin = end;
  }
  return lines;
}

TEST_CASE("the rule names the user, the units and the two verbs of a restart") {
  auto permissions = kStock;
  permissions.units.emplace_back("graviteeio-am-gateway.service");
  const std::string rules = polkit_rules(permissions);
  CHECK_THAT(rules, ContainsSubstring("[\"graviteeio-apim-gateway.service\", \"graviteeio-am-gateway.service\"]"));
  CHECK_THAT(rules, ContainsSubstring("subject.user === \"gravitee-renewd\""));
  CHECK_THAT(rules, ContainsSubstring("[\"restart\", \"try-restart\"]"));
  CHECK_THAT(rules, ContainsSubstring("action.id === \"org.freedesktop.systemd1.manage-units\""));
}

TEST_CASE("there is no rule without a unit") {
  auto permissions = kStock;
  permissions.units.clear();
  CHECK(polkit_rules(permissions).empty());
}

TEST_CASE("no character of a name can end its string in the rule") {
  auto permissions = kStock;
  permissions.units = {"foo\\x2dbar@1.service"};
  permissions.user = "x\"||true\n\xe2\x80\xa8";
  const std::string rules = polkit_rules(permissions);
  CHECK_THAT(rules, ContainsSubstring("[\"foo\\x5cx2dbar@1.service\"]"));
  CHECK_THAT(rules, ContainsSubstring("subject.user === \"x\\x22\\x7c\\x7ctrue\\x0a\\xe2\\x80\\xa8\""));
}

TEST_CASE("the drop-in of a stock host sets the user, the group and the writable directories") {
  CHECK(
      settings(service_drop_in(kStock)) ==
      "[Service]\nUser=gravitee-renewd\nGroup=gravitee-renewd\nReadWritePaths=-/opt/graviteeio/apim/gateway/config\n");
}

TEST_CASE("the drop-in sets another user or group, credentials and groups") {
  const Permissions permissions{.user = "tomcat",
                                .group = "web",
                                .units = {},
                                .writable = {"/srv/a", "/srv/b"},
                                .credentials = {"account-token", "proxy"},
                                .groups = {"systemd-journal"},
                                .changes_group = true};
  CHECK(settings(service_drop_in(permissions)) ==
        "[Service]\nUser=tomcat\nGroup=web\nReadWritePaths=-/srv/a\nReadWritePaths=-/srv/b\n"
        "SystemCallFilter=fchown\nLoadCredential=account-token\nLoadCredential=proxy\nSupplementaryGroups=systemd-"
        "journal\n");
}

TEST_CASE("a path is quoted as one word without specifiers") {
  auto permissions = kStock;
  permissions.writable = {"/srv/key stores/100%h/\"a\"\n"};
  CHECK(settings(service_drop_in(permissions)) ==
        "[Service]\nUser=gravitee-renewd\nGroup=gravitee-renewd\nReadWritePaths=\"-/srv/key "
        "stores/100%%h/\\x22a\\x22\\x0a\"\n");
}

TEST_CASE("the drop-in shows a home directory that contains a keystore") {
  for (const auto& [path, hidden] : {std::pair("/home/gravitee/config", true), {"/root", true}, {"/homes/a", false}}) {
    auto permissions = kStock;
    permissions.writable = {path};
    CHECK((service_drop_in(permissions).find("ProtectHome=read-only\n") != std::string::npos) == hidden);
  }
}

TEST_CASE("is_unmodified() detects every change") {
  for (const std::string& written : {polkit_rules(kStock), service_drop_in(kStock)}) {
    CHECK(is_unmodified(written));
    CHECK_FALSE(is_unmodified(written + "\n"));
    CHECK_FALSE(is_unmodified("x" + written));
    CHECK_FALSE(is_unmodified(written.substr(0, written.size() - 1)));
    std::string changed = written;
    changed.replace(changed.find("gravitee"), 8, "graviteE");
    CHECK_FALSE(is_unmodified(changed));
  }
  CHECK_FALSE(is_unmodified(""));
  CHECK_FALSE(is_unmodified("[Service]"));
  CHECK_FALSE(is_unmodified("[Service]\nUser=me\n"));
}

}  // namespace
}  // namespace renewd::commands
