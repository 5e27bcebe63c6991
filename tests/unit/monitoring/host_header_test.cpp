#include "monitoring/host_header.hpp"

#include "support/catch.hpp"

using namespace renewd;
using namespace renewd::monitoring;

TEST_CASE("a loopback port accepts an address or localhost, and no other name") {
  const auto loopback = GENERATE(as<std::string>{}, "127.0.0.1", "127.3.2.1", "::1");
  const configuration::ListenAddress listener = configuration::TcpAddress{loopback, 9464};
  for (const char* const host : {"127.0.0.1:9464", "127.0.0.1", "localhost:9464", "LocalHost", "localhost:1",
                                 "10.1.2.3", "[::1]:9464", "[::1]", "[2001:db8::7]:80", "localhost:"}) {
    INFO(host);
    CHECK(accepts_host(listener, host));
  }
  for (const char* const host :
       {"", "evil.example", "evil.example:9464", "127.0.0.1.evil.example", "localhost.evil.example", "localhost:80:80",
        "127.0.0.1@evil.example", "[::1", "[", "[]", "[127.0.0.1]", "[::1]evil.example", "[::1].evil.example:80", "::1",
        "127.0.0.1:x", "localhost evil", "127.0.0.1, evil.example"}) {
    INFO(host);
    CHECK_FALSE(accepts_host(listener, host));
  }
}

TEST_CASE("an address with a zero byte in it is none") {
  using namespace std::string_view_literals;
  const configuration::ListenAddress listener = configuration::TcpAddress{"127.0.0.1", 9464};
  CHECK_FALSE(accepts_host(listener, "127.0.0.1\0.evil.example"sv));
  CHECK_FALSE(accepts_host(listener, "[::1\0x]"sv));
}

TEST_CASE("nothing behind a Host header is read") {
  const configuration::ListenAddress listener = configuration::TcpAddress{"127.0.0.1", 9464};
  const std::vector<char> exact{'l', 'o', 'C', 'a', 'l', 'h', 'o', 's', 't'};  // the address sanitizer sees its end
  CHECK(accepts_host(listener, {exact.data(), exact.size()}));
}

TEST_CASE("a unix socket, and a port that other hosts reach, accept any name") {
  const std::vector<configuration::ListenAddress> listeners{
      std::filesystem::path("/run/metrics.sock"), configuration::TcpAddress{"0.0.0.0", 9464},
      configuration::TcpAddress{"192.0.2.1", 9464}, configuration::TcpAddress{"::", 9464}};
  for (const auto& listener : listeners) {
    CHECK(accepts_host(listener, "gateway-7.example:9464"));
    CHECK(accepts_host(listener, ""));
  }
}
