// The latest status of each certificate, published by the supervisors for metrics, the page and systemd.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "report/certificate_status.hpp"

namespace renewd::report {

class StatusBoard {
 public:
  void publish(CertificateStatus standing) {
    std::string name = standing.name;
    standings_.insert_or_assign(std::move(name), std::move(standing));
    changed_();
  }
  void remove(const std::string& name) {
    standings_.erase(name);
    changed_();
  }
  // After a reload: until each certificate is checked again, nothing says otherwise.
  void configuration_is_in_effect() {
    for (auto& [name, standing] : standings_) {
      standing.configuration_problem.reset();
    }
    changed_();
  }
  // By name. A certificate appears once it has been checked.
  const std::map<std::string, CertificateStatus>& standings() const { return standings_; }
  // Called after each change.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

 private:
  std::map<std::string, CertificateStatus> standings_;
  std::function<void()> changed_ = [] {};
};

}  // namespace renewd::report
