// The latest status of each certificate, published by the supervisors for metrics, the page and systemd.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>

#include "renewal/standing.hpp"

namespace renewd::renewal {

class Board {
 public:
  void publish(Standing standing) {
    std::string name = standing.name;
    standings_.insert_or_assign(std::move(name), std::move(standing));
    changed_();
  }
  void remove(const std::string& name) {
    standings_.erase(name);
    changed_();
  }
  // By name. A certificate appears once it has been checked.
  const std::map<std::string, Standing>& standings() const { return standings_; }
  // Called after each change.
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

 private:
  std::map<std::string, Standing> standings_;
  std::function<void()> changed_ = [] {};
};

}  // namespace renewd::renewal
