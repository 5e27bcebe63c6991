#include "commands/init.hpp"

#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "commands/exit_status.hpp"
#include "commands/keystore_advice.hpp"
#include "commands/keystore_owner.hpp"
#include "commands/layout.hpp"
#include "commands/service_user.hpp"
#include "configuration/yaml_document.hpp"
#include "core/add_once.hpp"
#include "core/filesystem.hpp"
#include "core/text.hpp"
#include "setup/configuration_writer.hpp"
#include "setup/file_set.hpp"
#include "setup/survey.hpp"
#include "setup/terminal_prompt.hpp"

namespace renewd::commands {
namespace {

namespace fs = std::filesystem;

// The service's group may read the configuration, and only its user a secret. Without a service, or without the right
// to change owners, the current user owns both.
struct Owners {
  uid_t user = ::geteuid();
  gid_t group = ::getegid();
};

Owners owners() {
  Owners owners;
  if (::geteuid() != 0) {
    return owners;
  }
  if (const auto service = find_service(); service && *service) {
    const User& user = (*service)->user;
    owners = {user.id, user.group};
    // A service that shares the gateway's user reads the configuration by this group; the gateway is not in it.
    const auto own = find_group(std::string(kServiceUser));
    if (own && std::ranges::find(user.groups, *own) != user.groups.end()) {
      owners.group = *own;
    }
  }
  return owners;
}

class Init {
 public:
  Init(const InitOptions& options, setup::Prompt& prompt, std::ostream& out, std::ostream& errors)
      : options_(options),
        prompt_(prompt),
        out_(out),
        errors_(errors),
        prints_(options.output == "-"),
        output_(prints_ ? fs::path(kServiceConfiguration) : absolute(options.output)) {}

  int run() {
    if (!prints_ && !may_replace(output_)) {
      return fail(kUsageError, fmt::format("{} exists; pass another file with --output, or overwrite it with --force",
                                           setup::shown(output_)));
    }
    const setup::HostFiles files(filesystem_, options_.root);
    std::vector<fs::path> from = options_.from;
    std::ranges::transform(from, from.begin(), absolute);
    const auto survey = setup::survey(files, from);
    if (!survey) {
      return fail(kUsageError, survey.error().message);
    }
    print_notes(survey->notes);
    if (::geteuid() != 0 && !survey->notes.empty()) {
      print_notes({"init skips files that only root can read; run it as root to include them"});
    }
    auto draft = setup::complete({files, filesystem_, output_.parent_path(), !prints_, options_.force}, *survey,
                                 given(), prompt_);
    if (!draft) {
      return incomplete(draft.error());
    }
    print_notes(draft->notes);
    const auto text = setup::write_configuration(draft->certificates);
    if (!text) {
      return fail(kFailure, text.error().message);
    }
    return prints_ ? print(*text, *draft) : write(*text, *draft);
  }

 private:
  static fs::path absolute(const fs::path& path) {
    std::error_code error;
    return fs::absolute(path, error).lexically_normal();
  }

  // Whether the file does not exist, --force is given, or it is a configuration with only comments, as earlier packages
  // installed it.
  bool may_replace(const fs::path& path) const {
    if (options_.force || !filesystem_.exists(path)) {
      return true;
    }
    constexpr std::size_t kLimit = std::size_t{1024} * 1024;
    const auto text = filesystem_.read(path, kLimit);
    if (!text || path != output_) {
      return false;
    }
    const auto document = configuration::read_yaml(*text);
    return document && document->root == nullptr;
  }

  void say(std::ostream& stream, std::string_view text) const { stream << fitted(text, options_.width); }

  int fail(int status, std::string_view why) {
    say(errors_, fmt::format("init: {}\nNothing was written.\n", why));
    return status;
  }

  void print_notes(const std::vector<std::string>& notes) {
    for (const auto& note : notes) {
      say(errors_, fmt::format("note: {}\n", note));
    }
  }

  setup::GivenOptions given() const {
    setup::GivenOptions given = options_;
    for (auto* file : {&given.token_file, &given.password_file}) {
      if (*file) {
        *file = absolute(**file);
      }
    }
    return given;
  }

  int incomplete(const setup::Incomplete& incomplete) {
    std::string list = incomplete.summary;
    for (const auto& reason : incomplete.reasons) {
      list += "\n  - " + reason;
    }
    return fail(incomplete.aborted() ? kFailure : kUsageError, list);
  }

  int print(const std::string& text, const setup::Draft& draft) {
    out_ << text;
    for (const auto& secret : draft.secrets) {
      print_notes({fmt::format("--output - does not write {}; store the password there before you start the daemon",
                               setup::shown(secret.path))});
    }
    next_steps(errors_, draft);
    return kSuccess;
  }

  // For install(1), of a file for the service.
  static std::string owner_option() {
    const auto user = find_user(std::to_string(owners().user));
    return user && user->id != ::geteuid() ? " -o " + user->name : "";
  }

  // The secrets first, the configuration last.
  int write(const std::string& text, const setup::Draft& draft) {
    const Owners owner = owners();
    std::vector<Secret> contents;
    for (const auto& secret : draft.secrets) {
      std::string line(secret.content.view());
      line += '\n';
      contents.emplace_back(line);
      ::explicit_bzero(line.data(), line.size());
    }
    std::vector<setup::PlannedFile> files;
    for (std::size_t i = 0; i < contents.size(); ++i) {
      files.push_back({draft.secrets[i].path, contents[i].view(), {owner.user, owner.group, 0600, {}}});
    }
    files.push_back({output_, text, {::geteuid(), owner.group, 0640, {}}});
    for (const auto& file : files) {
      if (!may_replace(file.path)) {
        return fail(kUsageError,
                    fmt::format("{} exists; pass --output with another directory, or overwrite it with --force",
                                setup::shown(file.path)));
      }
    }
    if (const auto written = setup::write_file_set(filesystem_, files); !written) {
      return fail(kFailure, fmt::format("{}{}", written.error().message,
                                        ::geteuid() == 0 ? "" : "; run init as root, or pass another --output"));
    }
    for (const auto& file : files) {
      say(out_, fmt::format("Wrote {} (mode {:04o}).\n", setup::shown(file.path), file.attributes.mode));
    }
    next_steps(out_, draft);
    return kSuccess;
  }

  void next_steps(std::ostream& out, const setup::Draft& draft) const {
    std::string steps = "\nNext:\n";
    if (prints_) {
      steps += fmt::format("- save this output as {}\n", setup::shown(output_));
    }
    std::vector<fs::path> tokens;
    for (const auto& certificate : draft.certificates) {
      if (!filesystem_.exists(certificate.token_file) && add_once(tokens, certificate.token_file)) {
        steps += fmt::format(
            "- store the account token (Gravitee Cloud: Settings > Account Tokens) in {}: run this, paste the token, "
            "press Enter and Ctrl-D\n"
            "    install{} -m 0600 /dev/stdin {}\n",
            setup::shown(certificate.token_file), owner_option(), shell_quoted(setup::shown(certificate.token_file)));
      }
    }
    if (output_ != kServiceConfiguration) {
      steps += fmt::format(
          "- move the configuration to {}, where the service reads it, move the secrets to files that the service can "
          "read, and update their paths in the configuration\n",
          kServiceConfiguration);
    }
    steps +=
        "- let the service replace the keystore and restart the unit:\n"
        "    gravitee-renewd init --permissions\n"
        "- check the configuration on this host:\n"
        "    gravitee-renewd validate\n"
        "- try everything except the renewal itself:\n"
        "    gravitee-renewd renew --dry-run\n"
        "- start the service, now and at every boot:\n"
        "    systemctl daemon-reload\n"
        "    systemctl enable --now gravitee-renewd\n"
        "- where several hosts share the account, read /usr/share/doc/gravitee-renewd/docs/fleet.md first\n";
    say(out, steps);
  }

  const InitOptions& options_;
  setup::Prompt& prompt_;
  std::ostream& out_;
  std::ostream& errors_;
  bool prints_;
  fs::path output_;
  PosixFilesystem filesystem_;
};

}  // namespace

int init(const InitOptions& options, std::ostream& out, std::ostream& errors) {
  setup::TerminalPrompt terminal([&options](std::string_view text) { return fitted(text, options.width); });
  setup::NonInteractivePrompt non_interactive;
  return setup::TerminalPrompt::is_available() ? init(options, terminal, out, errors)
                                               : init(options, non_interactive, out, errors);
}

int init(const InitOptions& options, setup::Prompt& prompt, std::ostream& out, std::ostream& errors) {
  return Init(options, prompt, out, errors).run();
}

}  // namespace renewd::commands
