// What is in the .deb and the .rpm that scripts/package has made.
#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "support/catch.hpp"
#include "support/command.hpp"
#include "support/temporary_directory.hpp"

using namespace renewd::testing;
namespace fs = std::filesystem;

namespace {

using Paths = std::set<std::string>;

const std::string kSource = PROJECT_SOURCE;

std::string package(const std::string& extension) {
  std::string found;
  for (const auto& entry : fs::directory_iterator(kSource + "/build/release/packages")) {
    if (entry.path().extension() == extension) {
      REQUIRE(found.empty());
      found = entry.path().string();
    }
  }
  REQUIRE_FALSE(found.empty());
  return found;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
  return lines;
}

// The paths of docs/installation.md that are in both packages, or in this one.
Paths documented(const std::string& kind) {
  Paths paths;
  const std::regex row("^\\| `(/[^`]+)` \\| (both|deb|rpm) \\|");
  for (const auto& line : lines_of(read_file(kSource + "/docs/installation.md"))) {
    std::smatch match;
    if (std::regex_search(line, match, row) && (match[2] == "both" || match[2] == kind)) {
      paths.insert(match[1]);
    }
  }
  return paths;
}

// Mode and owner, as `ls -l` and `tar` write them, of each path that is no directory of others.
std::map<std::string, std::string> contents_of_deb() {
  std::map<std::string, std::string> contents;
  const std::regex row("^([-a-z]+) ([^ ]+) +[0-9]+ [-0-9]+ [:0-9]+ \\.(/.+[^/])(/?)$");
  for (const auto& line : lines_of(run_or_throw({"dpkg-deb", "--contents", package(".deb")}))) {
    std::smatch match;
    INFO(line);
    if (line.ends_with(" ./")) {
      continue;
    }
    REQUIRE(std::regex_match(line, match, row));
    const std::string path = match[3];
    if (match[4].length() == 0 || path.ends_with("/gravitee-renewd")) {
      contents[path] = match[1].str() + " " + match[2].str();
    }
  }
  return contents;
}

std::map<std::string, std::string> contents_of_rpm() {
  std::map<std::string, std::string> contents;
  for (const auto& line : lines_of(
           run_or_throw({"rpm", "--query", "--package", "--queryformat",
                         "[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILENAMES}\\n]", package(".rpm")}))) {
    const auto path = line.find(" /");
    REQUIRE(path != std::string::npos);
    contents[line.substr(path + 1)] = line.substr(0, path);
  }
  return contents;
}

// A directory that is listed as such stands for the files in it.
Paths paths_of(const std::map<std::string, std::string>& contents, const Paths& listed) {
  Paths paths;
  for (const auto& [path, attributes] : contents) {
    const auto directory = std::find_if(listed.begin(), listed.end(), [&at = path](const std::string& listing) {
      return listing.ends_with('/') && at.starts_with(listing);
    });
    // The directories that hold its documents are no news.
    if (directory != listed.end()) {
      paths.insert(*directory);
    } else if (!attributes.starts_with("d") || path.starts_with("/etc/")) {
      paths.insert(path);
    }
  }
  return paths;
}

void check_attributes(std::map<std::string, std::string> contents, const std::string& group) {
  CHECK(contents["/etc/gravitee-renewd"] == "drwxr-x--- root/" + group);
  CHECK(contents["/usr/bin/gravitee-renewd"] == "-rwxr-xr-x root/root");
  for (const auto& [path, attributes] : contents) {
    INFO(path << ": " << attributes);
    CHECK((path.starts_with("/etc/gravitee-renewd") || attributes.ends_with(" root/root")));
    CHECK(std::regex_search(attributes, std::regex("^[-d]rw[-x]r-[-x]")));
    CHECK(attributes[8] == '-');  // nobody else may write it
  }
}

std::string field_of_deb(const std::string& field) {
  return run_or_throw({"dpkg-deb", "--field", package(".deb"), field});
}

// The files of the .deb, in a directory.
struct Unpacked {
  TemporaryDirectory directory;
  Unpacked() { run_or_throw({"dpkg-deb", "--extract", package(".deb"), directory.path().string()}); }
  std::string operator/(const std::string& path) const { return (directory.path() / path).string(); }
};

}  // namespace

TEST_CASE("the packages hold what docs/installation.md lists, and nothing else") {
  CHECK(paths_of(contents_of_deb(), documented("deb")) == documented("deb"));
  CHECK(paths_of(contents_of_rpm(), documented("rpm")) == documented("rpm"));
}

TEST_CASE("the runbooks are on the host, and the links of the installed documents lead somewhere") {
  const Unpacked unpacked;
  const fs::path root = unpacked / "usr/share/doc/gravitee-renewd";
  CHECK(fs::exists(root / "docs/operations.md"));
  // What is for whoever changes the program is in the sources alone.
  const std::set<std::string> in_sources{"docs/decisions"};
  const std::regex link("\\]\\(([^)#\\s:]+)[^):]*\\)");
  for (const auto& document : fs::recursive_directory_iterator(root)) {
    if (document.path().extension() != ".md") {
      continue;
    }
    const std::string text = read_file(document.path());
    for (std::sregex_iterator match(text.begin(), text.end(), link), end; match != end; ++match) {
      const auto target = (document.path().parent_path() / (*match)[1].str()).lexically_normal();
      const std::string relative = target.lexically_relative(root).string();
      INFO(document.path() << " links to " << relative);
      const bool is_known = std::any_of(in_sources.begin(), in_sources.end(),
                                        [&](const std::string& known) { return relative.starts_with(known); });
      CHECK((is_known || fs::exists(target)));
    }
  }
}

TEST_CASE("what is installed belongs to root, and only the configuration is for the daemon's group alone") {
  check_attributes(contents_of_deb(), "root");  // its group is given to it by postinst
  check_attributes(contents_of_rpm(), "gravitee-renewd");
}

TEST_CASE("no package contains a configuration file, about which an upgrade would ask") {
  CHECK(run({"dpkg-deb", "--info", package(".deb"), "conffiles"}).status != 0);
  // Known to rpm as configuration, noreplace, ghost; not part of the payload.
  const std::string file = "/etc/gravitee-renewd/config.yaml\n";
  CHECK(run_or_throw({"rpm", "--query", "--package", "--configfiles", package(".rpm")}) == file);
  CHECK(run_or_throw(
            {"rpm", "--query", "--package", "--queryformat", "[%{FILEFLAGS:fflags} %{FILENAMES}\\n]", package(".rpm")})
            .find("cng " + file) != std::string::npos);
}

TEST_CASE("both packages have the version of the program") {
  const Unpacked unpacked;
  const std::string version = run_or_throw({unpacked / "usr/bin/gravitee-renewd", "--version"});
  CHECK("gravitee-renewd " + field_of_deb("Version") == version.substr(0, version.size() - 1) + "-1\n");
  CHECK("gravitee-renewd " +
            run_or_throw({"rpm", "--query", "--package", "--queryformat", "%{VERSION}-%{RELEASE}", package(".rpm")}) ==
        version.substr(0, version.size() - 1) + "-1");
}

TEST_CASE("without a configuration the program names the missing file and does not run") {
  const Unpacked unpacked;
  const std::string file = unpacked / "etc/gravitee-renewd/config.yaml";
  for (const std::string command : {"validate", "run", "renew"}) {
    const auto result = run({unpacked / "usr/bin/gravitee-renewd", "--config", file, command});
    CHECK(result.status == 2);
    CHECK_THAT(result.errors, ContainsSubstring(file));
    CHECK_THAT(result.errors, ContainsSubstring("No such file"));
  }
}

TEST_CASE("the installed example is a valid configuration, also with every option") {
  const Unpacked unpacked;
  const std::string file = unpacked / "usr/share/doc/gravitee-renewd/config/config.yaml";
  const auto validate = [&] {
    return run_or_throw({unpacked / "usr/bin/gravitee-renewd", "--config", file, "validate"});
  };
  CHECK_THAT(validate(), ContainsSubstring(": valid, "));
  // As its first lines explain: "# " and a word is an explanation, every other "#" in the first column disables an
  // option.
  run_or_throw({"sed", "-E", "-i", "/^#( [^ ]|$)/!s/^#//", file});
  run_or_throw({"chmod", "0600", file});  // one of the options holds a secret
  CHECK_THAT(validate(), ContainsSubstring(": valid, "));
}

TEST_CASE("the .rpm asks for nothing that RHEL 9 does not have") {
  // Sonames with versions (scripts/check-binary knows which), what rpm itself means, and packages by name.
  const std::regex known(
      "(lib(c|m|gcc_s|stdc\\+\\+|ssl|crypto|systemd|z)\\.so\\.[0-9]+\\(.*\\)\\(64bit\\)|ld-linux-[a-z0-9-]+\\.so\\.[0-"
      "9]"
      "\\(.*\\)"
      "\\(64bit\\)|rtld\\(GNU_HASH\\)|rpmlib\\(.*\\) .*|config\\(gravitee-renewd\\) = "
      ".*|/bin/sh|ca-certificates|polkit|"
      "systemd|tzdata)");
  const auto requires_lines = lines_of(run_or_throw({"rpm", "--query", "--package", "--requires", package(".rpm")}));
  for (const auto& line : requires_lines) {
    INFO(line);
    CHECK(std::regex_match(line, known));
  }
  for (const std::string needed : {"libssl.so.3()(64bit)", "libsystemd.so.0()(64bit)", "polkit", "systemd", "tzdata"}) {
    INFO(needed);
    CHECK(std::count(requires_lines.begin(), requires_lines.end(), needed) > 0);
  }
}

TEST_CASE("the .deb names the packages of the libraries that it needs") {
  const std::string depends = field_of_deb("Depends");
  for (const std::string needed : {"ca-certificates", "libssl3", "libstdc++6", "libsystemd0", "systemd", "tzdata"}) {
    CHECK_THAT(depends, ContainsSubstring(needed));
  }
}
