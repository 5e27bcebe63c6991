#include "commands/init.hpp"

#include <string.h>
#include <unistd.h>

#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ostream.h>

#include "commands/exit_status.hpp"
#include "commands/service_user.hpp"
#include "configuration/yaml_document.hpp"
#include "core/filesystem.hpp"
#include "core/text.hpp"
#include "setup/completion.hpp"
#include "setup/configuration_writer.hpp"
#include "setup/file_set.hpp"
#include "setup/person.hpp"
#include "setup/survey.hpp"

namespace renewd::commands {
namespace {

namespace fs = std::filesystem;

// The service's group can read the configuration, only its user the secrets. The caller owns everything if there is no
// service, or if the caller is not root.
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
    owners = {(*service)->user.id, (*service)->user.group};
  }
  return owners;
}

class Init {
 public:
  Init(const InitOptions& options, setup::Answers& answers, std::ostream& out, std::ostream& errors)
      : options_(options), answers_(answers), out_(out), errors_(errors), prints_(options.output == "-") {
    std::error_code error;
    output_ = prints_ ? fs::path(kServiceConfiguration) : fs::absolute(options.output, error).lexically_normal();
  }

  int run() {
    if (!prints_ && !may_replace(output_)) {
      return fail(kUsageError,
                  fmt::format("{} exists; name another file with --output, or replace it with --force", name(output_)));
    }
    const setup::HostFiles files(filesystem_, options_.root);
    const auto survey = setup::survey(files, absolute(options_.from));
    if (!survey) {
      return fail(kUsageError, survey.error().message);
    }
    print_notes(survey->notes);
    if (::geteuid() != 0 && !survey->notes.empty()) {
      print_notes({"init does not run as root and skips files that it may not read"});
    }
    auto draft = setup::complete({files, filesystem_, output_.parent_path(), !prints_, options_.force}, *survey,
                                 given(), answers_);
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
  static std::string name(const fs::path& path) { return printable(path.string(), 500); }

  static std::vector<fs::path> absolute(const std::vector<fs::path>& paths) {
    std::vector<fs::path> all;
    for (const auto& path : paths) {
      std::error_code error;
      all.push_back(fs::absolute(path, error).lexically_normal());
    }
    return all;
  }

  // Whether the file is missing, contains only comments (like the one that the package installs), or --force is given.
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

  int fail(int status, std::string_view why) {
    fmt::print(errors_, "init: {}\nNothing was written.\n", why);
    return status;
  }

  void print_notes(const std::vector<std::string>& notes) {
    for (const auto& note : notes) {
      fmt::print(errors_, "note: {}\n", note);
    }
  }

  setup::Given given() const {
    setup::Given given{options_.account_url, options_.token_file, options_.password_file, options_.units};
    std::error_code error;
    for (auto* file : {&given.token_file, &given.password_file}) {
      if (*file) {
        *file = fs::absolute(**file, error).lexically_normal();
      }
    }
    return given;
  }

  int incomplete(const setup::Incomplete& incomplete) {
    std::string list = incomplete.why;
    for (const auto& reason : incomplete.reasons) {
      list += "\n  - " + reason;
    }
    return fail(incomplete.aborted() ? kFailure : kUsageError, list);
  }

  int print(const std::string& text, const setup::Draft& draft) {
    out_ << text;
    for (const auto& secret : draft.secrets) {
      fmt::print(errors_, "note: --output - does not write {}; store the password there before you start the daemon\n",
                 name(secret.path));
    }
    print_next_steps(errors_, draft);
    return kSuccess;
  }

  // The secrets first, so that the configuration never refers to a missing one.
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
                    fmt::format("{} exists; name an --output in another directory, or replace it with --force",
                                name(file.path)));
      }
    }
    if (const auto written = setup::write_file_set(filesystem_, files); !written) {
      return fail(kFailure, fmt::format("{}{}", written.error().message,
                                        ::geteuid() == 0 ? "" : "; run init as root, or name another --output"));
    }
    for (const auto& file : files) {
      fmt::print(out_, "Wrote {} (mode {:04o}).\n", name(file.path), file.attributes.mode);
    }
    print_next_steps(out_, draft);
    return kSuccess;
  }

  void print_next_steps(std::ostream& out, const setup::Draft& draft) const {
    fmt::print(out, "\nNext:\n");
    if (prints_) {
      fmt::print(out, "- save the output as {}\n", name(output_));
    }
    std::set<fs::path> printed;
    for (const auto& certificate : draft.certificates) {
      if (!filesystem_.exists(certificate.token_file) && printed.insert(certificate.token_file).second) {
        fmt::print(out,
                   "- store the account token (Gravitee Cloud: Settings > Account Tokens) in {},\n"
                   "  with mode 0600 and owned by the daemon's user\n",
                   name(certificate.token_file));
      }
    }
    if (output_ != kServiceConfiguration) {
      fmt::print(out,
                 "- move the configuration to {}, where the service reads it, and\n"
                 "  the secrets to a directory that it can read; adapt their paths in the configuration\n",
                 kServiceConfiguration);
    }
    fmt::print(out,
               "- gravitee-renewd init --permissions     # lets the service replace the keystore and restart the unit\n"
               "- gravitee-renewd validate               # checks the file, also against this host\n"
               "- gravitee-renewd renew --dry-run        # tests everything except the renewal itself\n"
               "- systemctl daemon-reload && systemctl enable --now gravitee-renewd\n");
  }

  const InitOptions& options_;
  setup::Answers& answers_;
  std::ostream& out_;
  std::ostream& errors_;
  bool prints_;
  fs::path output_;
  PosixFilesystem filesystem_;
};

}  // namespace

int init(const InitOptions& options, std::ostream& out, std::ostream& errors) {
  setup::Terminal terminal;
  setup::NoAnswers no_answers;
  return setup::Terminal::present() ? init(options, terminal, out, errors) : init(options, no_answers, out, errors);
}

int init(const InitOptions& options, setup::Answers& answers, std::ostream& out, std::ostream& errors) {
  return Init(options, answers, out, errors).run();
}

}  // namespace renewd::commands
