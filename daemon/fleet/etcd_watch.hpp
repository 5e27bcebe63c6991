// What a watch of etcd says, line by line. Without input or output. Private to this folder.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fleet/etcd_session.hpp"
#include "fleet/gateway_json.hpp"
#include "fleet/store.hpp"

namespace renewd::fleet {

class EtcdWatch {
 public:
  // `cluster`: where `first` comes from. `session` must outlive this object.
  EtcdWatch(const EtcdSession& session, Revision first, ClusterId cluster, Store::Changed changed)
      : session_(session), next_(first), cluster_(std::move(cluster)), changed_(std::move(changed)) {}

  // Returns stop once the watch can go on no longer: etcd itself leaves a canceled one open.
  http::Flow take(std::string_view piece);
  // The response has ended.
  void finish();
  // Why it ended; nothing if it has not.
  const std::optional<CallError>& ended() const { return ended_; }

 private:
  http::Flow end(StoreError error, Reaction reaction = Reaction::none);
  http::Flow refused(GatewayError error);
  http::Flow take_line(const WatchLine& line);
  http::Flow created(const WatchCreated& at);
  http::Flow canceled(const WatchCanceled& why);

  const EtcdSession& session_;
  Lines lines_;
  Revision next_;
  ClusterId cluster_;
  Store::Changed changed_;
  std::optional<CallError> ended_;
};

}  // namespace renewd::fleet
