#include "good_files.hpp"

#include "nearly_right.hpp"

namespace renewd::configuration {

std::vector<std::string> good_files() {
  return {
      "certificates:\n  - name: production\n"
      "    account_url: https://eu.cloud.gravitee.io/management/accounts/7b6f41d3-7118-41e9-af41-d3711801e973\n"
      "    token: {file: /etc/gravitee-renewd/account-token}\n"
      "    keystore:\n      path: /opt/graviteeio/apim/gateway/config/keystore.p12\n"
      "      password: {file: /etc/gravitee-renewd/keystore-password}\n"
      "    gateway:\n      systemd: {unit: graviteeio-apim-gateway.service}\n",
      // `renew: never` needs neither an account nor a token, but may have both.
      watched("keystore: {path: /k}"),
      with_line("renew: never"),
      with_line("renew: auto"),
      "certificates:\n  - {name: a, renew: never, keystore: {path: /a}}\n"
      "  - {name: b, renew: never, keystore: {path: /b}}\n",
      // URLs.
      "certificates: [{name: a, account_url: http://127.0.0.1:8080/accounts/a, token: {env: T}, keystore: {path: "
      "/k}}]\n",
      "certificates: [{name: a, account_url: 'http://[::1]:1/a', token: {env: T}, keystore: {path: /k}}]\n",
      "certificates: [{name: a, account_url: http://localhost/a//, token: {env: T}, keystore: {path: /k}}]\n",
      "certificates: [{name: a, account_url: https://192.0.2.1:8443/x/a_b.c, token: {env: T}, keystore: {path: /k}}]\n",
      // Keystores and secrets.
      watched("keystore: {path: /k, type: auto, password: {file: /p}}"),
      watched("keystore: {path: /k, type: pkcs12, password: {credential: keystore-password}}"),
      watched("keystore: {path: /k, type: jks, password: {env: KEYSTORE_PASSWORD}}"),
      watched("keystore: {path: /k, type: pem, ca_file: /ca.pem, password: {value: hunter2}}"),
      watched("keystore: {path: /k, password: {value: \"0123\"}}"),
      watched("keystore: {path: /k, password: {value: !!str 0123}}"),
      watched("keystore: {path: \"/with space/k\", password: {value: ' true '}}"),
      // When.
      with_line("renew_before: 45d"),
      with_line("renew_before: 720h"),
      with_line("renew_before: 25%"),
      with_line("renew_before: 12.5%"),
      with_line("renew_before: 0.5%"),
      with_line("renew_windows: [{}]"),
      with_line("renew_windows: [{days: [sat, sun], from: \"02:00\", to: \"05:30\", timezone: Europe/Paris}]"),
      with_line("activate_windows: [{days: [mon, tue, wed, thu, fri]}, {from: 22:30, to: 02:00, timezone: UTC}]"),
      with_line("activate_windows: [{from: \"00:00\", to: \"24:00\"}, {from: 09:08}]\n    override_windows_before: 2d"),
      // Gateways.
      with_gateway("{none: {}}"),
      with_gateway("{none: {}, rollback: false}"),
      with_gateway("{none: {}, rollback: True, verify: {}}"),
      with_gateway("{systemd: {unit: a.service, action: restart}, verify: {timeout: 5m}}"),
      with_gateway("{systemd: {units: [a.service, \"b@1.service\"], action: try-restart}}"),
      with_gateway("{command: {argv: [/bin/a, '', \"5\", --flag], timeout: 2m}}"),
      with_gateway("{signal: {unit: a.service}}"),
      with_gateway("{signal: {pid_file: /run/a.pid, signal: USR1}}"),
      with_gateway("{signal: {pid_file: /run/a.pid, signal: SIGHUP}}"),
      with_gateway("{signal: {pid_file: /run/a.pid, signal: 15}}"),
      with_gateway("{signal: {pid_file: /run/a.pid, signal: \"64\"}}"),
      with_gateway("{none: {}, verify: {http: {url: 'http://localhost:18082/_node/health'}}}"),
      with_gateway("{none: {}, verify: {http: {url: 'https://gateway.example?all=1', username: admin, "
                   "password: {value: adminadmin}, expect_status: 204}}}"),
      with_gateway("{none: {}, verify: {log: {file: /var/log/gateway.log, ready: 'is \\w+ ready$'}}}"),
      with_gateway("{none: {}, verify: {log: {unit: a.service, failed: Unable, ready: connected}, timeout: 90s}}"),
      // The rest of the file.
      with_top_level("http: {}\nschedule: {}\nlog: {}\nmetrics: {}"),
      with_top_level("http: {ca_file: /ca.pem, connect_timeout: 5s, request_timeout: 5s}"),
      with_top_level("http: {proxy: \"http://renewd@proxy.example.com:3128\", proxy_password: {file: /p}}"),
      with_top_level("http: {proxy: \"http://[2001:db8::1]:65535/\"}"),
      with_top_level("schedule: {check_every: 1h, splay: 0s, retry_at_least: 2m, retry_at_most: 2m}"),
      with_top_level("schedule: {requests_per_day: 86400}"),
      with_top_level("state_directory: /srv/state"),
      with_top_level("log: {level: debug, format: json}"),
      with_top_level("log: {level: \"warning\", format: text}"),
      with_top_level("metrics: {listen: 127.0.0.1:9464, allow_remote: false, textfile: /srv/renewd.prom}"),
      with_top_level("metrics: {listen: \"[::1]:65535\"}"),
      with_top_level("metrics: {listen: localhost:1}"),
      with_top_level("metrics: {listen: unix:/run/gravitee-renewd/metrics.sock}"),
      with_top_level("metrics: {listen: 0.0.0.0:9464, allow_remote: true}"),
      // A fleet.
      with_top_level("fleet: {etcd: {endpoints: [\"https://etcd-1.example.com:2379/\", \"https://[2001:db8::1]:2379\", "
                     "\"http://localhost:2379\"], key: {credential: fleet-key}, alone_after: 0s, prefix: /a/b_c.d/, "
                     "host: gateway-7.example.com}}"),
      with_top_level("fleet: {etcd: {endpoints: [\"https://e:2379\"], key: {file: /k}, second_key: {file: /k2}, "
                     "cert_file: /c, key_file: /c.key, username: renewd, password: {file: /p}, takeover_after: 2m}}"),
      // YAML.
      "---\n" + watched("keystore: {path: /k}") + "...\n",
      "certificates:\n"
      "  - {name: a, account_url: https://h/a, token: &t {file: /t}, keystore: {path: /a}, gateway: &g {none: {}}}\n"
      "  - {name: b, account_url: https://h/b, token: *t, keystore: {path: /b}, gateway: *g}\n",
  };
}

}  // namespace renewd::configuration
