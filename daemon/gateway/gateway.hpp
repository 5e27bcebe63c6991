// What makes the gateway use the keystore on disk, and shows that it does.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "configuration/settings.hpp"
#include "core/error.hpp"

namespace renewd::gateway {

enum class Use {
  in_use,         // the gateway has started with the file on disk
  not_running,    // there was nothing to restart; the file is used at its next start
  not_confirmed,  // nothing was asked to use it (gateway: none)
};

struct Activation {
  Use use;
  std::string message;  // one sentence for people
};

// One line of a command's output, without its line break, made printable.
using OutputLine = std::function<void(std::string_view line)>;

class Gateway {
 public:
  virtual ~Gateway() = default;

  // For people: "try-restart graviteeio-apim-gateway.service".
  virtual std::string description() const = 0;
  // Makes the gateway use the keystore on disk. Errors: gateway, cancelled.
  virtual boost::asio::awaitable<Result<Activation>> activate() = 0;
  // Shows that the gateway is well after activate(). Errors: gateway, cancelled.
  virtual boost::asio::awaitable<Result<std::string>> verify() = 0;
  // Whether activate() would be allowed to work, without touching the gateway. Errors: gateway, cancelled.
  virtual boost::asio::awaitable<Result<std::string>> rehearse() = 0;
};

// `output` receives what a command prints, line by line.
std::unique_ptr<Gateway> make_gateway(const boost::asio::any_io_executor& executor,
                                      const configuration::GatewaySettings& settings, OutputLine output);

}  // namespace renewd::gateway
