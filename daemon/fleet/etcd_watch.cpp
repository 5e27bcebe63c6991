#include "fleet/etcd_watch.hpp"

#include <utility>
#include <variant>

#include <fmt/format.h>

namespace renewd::fleet {

using http::Flow;

Flow EtcdWatch::take(std::string_view piece) {
  auto lines = lines_.add(piece);
  if (!lines) {
    return end(std::move(lines.error()));
  }
  for (const std::string& line : *lines) {
    auto parsed = parse_watch_line(line);
    if (!parsed) {
      return end(std::move(parsed.error()));
    }
    if (take_line(*parsed) == Flow::stop) {
      return Flow::stop;
    }
  }
  return Flow::more;
}

void EtcdWatch::finish() {
  const auto last = parse_watch_line(lines_.rest());
  if (!last || take_line(*last) == Flow::more) {
    end(store_error(Unreachable::connect, "the response ended"), Reaction::elsewhere);
  }
}

Flow EtcdWatch::end(StoreError error, Reaction reaction) {
  error.message = "watching etcd: " + error.message;
  ended_ = CallError{std::move(error), reaction, true};
  return Flow::stop;
}

Flow EtcdWatch::refused(GatewayError error) {
  error.message = session_.redacted(error.message);
  Explained explained = explain(error);
  return end(std::move(explained.error), explained.reaction);
}

Flow EtcdWatch::take_line(const WatchLine& line) {
  if (const auto* const at = std::get_if<WatchCreated>(&line)) {
    return created(*at);
  }
  if (const auto* const why = std::get_if<WatchCanceled>(&line)) {
    return canceled(*why);
  }
  if (const auto* const error = std::get_if<GatewayError>(&line)) {
    return refused(*error);
  }
  for (const Changes& changes : std::get<std::vector<Changes>>(line)) {
    if (changes.revision >= next_) {
      next_ = changes.revision + 1;
      changed_(changes);
    }
  }
  return Flow::more;
}

// A restored or wiped etcd counts from another revision, so that changes would be missed.
Flow EtcdWatch::created(const WatchCreated& at) {
  if (!cluster_.empty() && at.cluster != cluster_) {
    return end(store_error(Unreachable::bad_answer, "it is another cluster than before"));
  }
  if (at.revision < next_ - 1) {
    return end(store_error(Unreachable::bad_answer,
                           fmt::format("it is at revision {}, before {}: it was restored", at.revision, next_ - 1)));
  }
  return Flow::more;
}

Flow EtcdWatch::canceled(const WatchCanceled& why) {
  if (why.compacted != 0) {
    return end(
        store_error(Unreachable::bad_answer, fmt::format("revision {} was compacted, up to {}", next_, why.compacted)));
  }
  return refused({0, -1, why.reason.empty() ? "canceled without a reason" : why.reason});
}

}  // namespace renewd::fleet
