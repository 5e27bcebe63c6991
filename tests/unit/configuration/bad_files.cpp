#include "bad_files.hpp"

#include "nearly_right.hpp"

namespace renewd::configuration {

BadFiles unknown_keys() {
  return {
      {with_top_level("schedul: {}"), "2:1", "unknown key \"schedul\"; did you mean \"schedule\"?"},
      {with_top_level("Log: {}"), "2:1", "did you mean \"log\"?"},
      {with_top_level("zzz: 1"), "2:1",
       "unknown key \"zzz\"; the keys here are `certificates`, `http`, `schedule`, `state_directory`, `log`, "
       "`metrics` and `fleet`"},
      {with_top_level("metricss: {}"), "2:1", "did you mean \"metrics\"?"},
      {with_top_level("schedule: {check_evry: 1h}"), "2:12", "unknown key \"check_evry\" in `schedule`; did you mean"},
      {with_line("renew_befor: 30d"), "3:5", "did you mean \"renew_before\"?"},
      {with_line("<<: {}"), "3:5", "merge keys"},
      {with_gateway("{systemd: {unti: a.service, unit: a.service}}"), "3:25", "did you mean \"unit\"?"},
      {with_gateway("{none: {}, verify: {timeut: 1s}}"), "3:34", "did you mean \"timeout\"?"},
      {watched("keystore: {path: /k, pasword: {file: /p}}"), "4:26", "did you mean \"password\"?"},
      // The probable key is not also reported as missing.
      {watched("keystor: {path: /k}"), "4:5",
       "unknown key \"keystor\" in `certificates[]`; did you mean \"keystore\"?"},
      {watched("keystore: {pth: /k}"), "4:16", "did you mean \"path\"?"},
      {watched("keystore: {path: /k, password: {fle: /p}}"), "4:37", "did you mean \"file\"?"},
      {with_gateway("{sytemd: {unit: a.service}}"), "3:15", "did you mean \"systemd\"?"},
      {with_gateway("{systemd: {unt: a.service}}"), "3:25", "did you mean \"unit\"?"},
      {"certificates:\n  - name: a\n    renw: never\n    keystore: {path: /k}\n", "3:5", "did you mean \"renew\"?"},
      {with_top_level("http: {prxy: \"http://u@h:1\", proxy_password: {file: /p}}"), "2:8", "did you mean \"proxy\"?"},
      {with_top_level("http: {connect_timeout: 2m, reqest_timeout: 5m}"), "2:29", "did you mean \"request_timeout\"?"},
      {with_top_level("schedule: {retry_at_least: 1d, retry_at_mst: 2d}"), "2:32", "did you mean \"retry_at_most\"?"},
      {with_gateway("{none: {}, verify: {http: {url: \"https://h/\", usrname: u, password: {file: /p}}}}"), "3:60",
       "did you mean \"username\"?"},
      {with_gateway("{none: {}, verify: {log: {file: /l, redy: up}}}"), "3:50", "did you mean \"ready\"?"},
  };
}

BadFiles missing_keys() {
  return {
      {"log: {level: info}\n", "1:1", "the key `certificates` is missing"},
      {"certificates:\n  - renew: never\n    keystore: {path: /k}\n", "2:5", "the key `name` is missing"},
      {"certificates:\n  - name: a\n    token: {file: /t}\n    keystore: {path: /k}\n", "2:5",
       "the key `account_url` is missing; to watch a certificate without renewing it, write `renew: never`"},
      {"certificates:\n  - name: a\n    account_url: https://h/a\n    keystore: {path: /k}\n", "2:5",
       "the key `token` is missing"},
      {"certificates:\n  - name: a\n    renew: never\n", "2:5", "the key `keystore` is missing"},
      {watched("keystore: {type: pem}"), "4:15", "the key `keystore.path` is missing"},
      {with_gateway("{command: {timeout: 1s}}"), "3:24", "the key `gateway.command.argv` is missing"},
  };
}

BadFiles wrong_types() {
  return {
      {with_gateway("{none: {}, rollback: maybe}"), "3:35", "`gateway.rollback` must be true or false"},
      {"- a\n", "1:1", "the file must be a map with the keys"},
      {"text\n", "1:1", "the file must be a map"},
      {"certificates: {name: a}\n", "1:15", "must be a list of at least one certificate"},
      {"certificates: []\n", "1:15", "must be a list of at least one certificate"},
      {"certificates:\n", "1:1", "must be a list of at least one certificate"},
      {"certificates: [a]\n", "1:16", "must be a map with the keys `name`"},
      {"certificates: [{name: [a], renew: never, keystore: {path: /k}}]\n", "1:23", "`name` must be text, not a list"},
      {"certificates: [{name: 12, renew: never, keystore: {path: /k}}]\n", "1:23",
       "reads a number here; put it in quotes"},
      {"certificates: [{name: true, renew: never, keystore: {path: /k}}]\n", "1:23", "reads true or false here"},
      {"certificates:\n  - renew: never\n    name:\n    keystore: {path: /k}\n", "3:5",
       "`name` must be text, not nothing"},
      {"certificates: [{name: \"\", renew: never, keystore: {path: /k}}]\n", "1:23", "`name` must not be empty"},
      {watched("keystore: /k"), "4:15", "`keystore` must be a map with the keys"},
      {watched("keystore:"), "4:5", "`keystore` must be a map with the keys"},
      {watched("keystore: {path: {file: /k}}"), "4:22", "`keystore.path` must be text, not a map"},
      {watched("keystore: {path: \"/k\\0\"}"), "4:22", "zero byte", kZeroByte},
      {with_gateway("none"), "3:14", "`gateway` must be a map with the keys"},
      {with_gateway("{none: true}"), "3:21", "empty map"},
      {with_gateway("{none: {}, verify: 60s}"), "3:33", "`gateway.verify` must be a map"},
      {with_top_level("http: true"), "2:7", "`http` must be a map"},
      {with_top_level("state_directory: [/a]"), "2:18", "`state_directory` must be text, not a list"},
  };
}

BadFiles given_twice() {
  return {
      {with_top_level("log: {}\nlog: {}"), "3:1", "`log` appears twice, first on line 2", kSameKeyTwice},
      {with_line("name: b"), "3:5", "`name` appears twice, first on line 2", kSameKeyTwice},
      {watched("keystore: {path: /k, path: /l}"), "4:26", "`keystore.path` appears twice", kSameKeyTwice},
      {"certificates:\n  - {name: a, renew: never, keystore: {path: /k}}\n"
       "  - {name: a, renew: never, keystore: {path: /l}}\n",
       "3:12", "`name` is the same as for the certificate on line 2", kOtherEntry},
      {"certificates:\n  - {name: a, renew: never, keystore: {path: /k}}\n"
       "  - {name: b, renew: never, keystore: {path: //k}}\n",
       "3:39", "`keystore.path` is the same as for the certificate on line 2", kOtherEntry},
  };
}

BadFiles wrong_in_a_certificate() {
  const auto named = [](const std::string& name) {
    return "certificates: [{name: " + name + ", renew: never, keystore: {path: /k}}]\n";
  };
  const auto account = [](const std::string& url) {
    return "certificates:\n  - {name: a, token: {file: /t}, keystore: {path: /k},\n     account_url: \"" + url +
           "\"}\n";
  };
  return {
      {named("Prod"), "1:23", "`name` must consist of lower-case letters, digits and -"},
      {named("a_b"), "1:23", "`name` must consist of"},
      {named("../a"), "1:23", "`name` must consist of"},
      {named(std::string(65, 'a')), "1:23", "at most 64"},
      {account("http://eu.cloud.gravitee.io/management/accounts/a"), "3:19", "`account_url` must start with https://"},
      {account("https://user@h/a"), "3:19", "user name or password"},
      {account("https://h/a?b"), "3:19", "without ? or #"},
      {account("https://h"), "3:19", "must end with the account id"},
      {account("h/a"), "3:19", "is not a URL"},
      {with_line("renew: yes"), "3:12", "`renew` must be `auto` or `never`"},
      {with_line("renew: nevr"), "3:12", "did you mean \"never\"?"},
      {with_line("renew_before: 30"), "3:19", "must be a duration such as 90s, 15m, 12h or 30d, or a share"},
      {with_line("renew_before: 030d"), "3:19", "030d has a leading zero"},
      {with_line("renew_before: 025%"), "3:19", "write 25%"},
      {with_line("renew_before: .5%"), "3:19", "must be a duration such as"},
      {with_line("renew_before: 0d"), "3:19", "`renew_before` must be at least 1s"},
      {with_line("renew_before: 366d"), "3:19", "`renew_before` must not be longer than a year (365d)",
       kSizeOfDuration},
      {with_line("renew_before: 0%"), "3:19", "more than 0% and less than 100%"},
      {with_line("renew_before: 100%"), "3:19", "more than 0% and less than 100%"},
      {with_line("renew_before: -5%"), "3:19", "more than 0% and less than 100%"},
      {with_line("renew_before: [30d]"), "3:19", "must be a duration"},
      {watched("keystore: {path: config/keystore.p12}"), "4:22", "`keystore.path` must be an absolute path"},
      {watched("keystore: {path: /k, type: PKCS12}"), "4:32", "did you mean \"pkcs12\"?"},
      {watched("keystore: {path: /k, type: p7b}"), "4:32", "must be `auto`, `pkcs12`, `jks` or `pem`"},
      {watched("keystore: {path: /k, ca_file: ca.pem}"), "4:35", "`keystore.ca_file` must be an absolute path"},
  };
}

BadFiles wrong_secrets() {
  const auto password = [](const std::string& secret) {
    return watched("keystore: {path: /k, password: " + secret + "}");
  };
  return {
      {password("hunter2"), "4:36", "{file: PATH}"},
      {password("{}"), "4:36", "must have exactly one of `file`, `credential`, `env` or `value`"},
      {password("{file: /p, env: P}"), "4:36", "but has `file` and `env`"},
      {password("{file: p}"), "4:43", "`keystore.password.file` must be an absolute path"},
      {password("{file: }"), "4:37", "`keystore.password.file` must be text, not nothing"},
      {password("{credential: /run/p}"), "4:49", "must be the NAME of LoadCredential=NAME:PATH"},
      {password("{env: P=hunter2}"), "4:42", "without ="},
      {password("{value: 0123}"), "4:44", "reads a number here; put it in quotes"},
      {password("{value: 1e5}"), "4:44", "reads a number here"},
      {password("{value: 0x1F}"), "4:44", "reads a number here"},
      {password("{value: false}"), "4:44", "reads true or false here"},
      {password("{value: ''}"), "4:44", "must not be empty"},
      {password("{value: [hunter2]}"), "4:44", "must be text, not a list"},
      {password("{value: hunter2, value: hunter3}"), "4:53", "`keystore.password.value` appears twice", kSameKeyTwice},
  };
}

BadFiles wrong_windows() {
  const auto window = [](const std::string& keys) { return with_line("renew_windows: [{" + keys + "}]"); };
  std::string many = "renew_windows: [{}";
  for (int i = 0; i < 100; ++i) {
    many += ", {}";
  }
  return {
      {with_line("renew_windows: []"), "3:20",
       "`renew_windows` must be a list of at least one window, such as [{days:"},
      {with_line("activate_windows: {days: [sat]}"), "3:23", "`activate_windows` must be a list"},
      {with_line("activate_windows:"), "3:5", "`activate_windows` must be a list"},
      {with_line("renew_windows: [sat]"), "3:21", "`renew_windows` must be a map with the keys `days`, `from`, `to`"},
      {with_line(many + "]"), "3:20", "more than 100 windows"},
      {window("day: [sat]"), "3:22", "unknown key \"day\" in `renew_windows`; did you mean \"days\"?"},
      {window("timezne: UTC"), "3:22", "did you mean \"timezone\"?"},
      {window("from: \"01:00\", from: \"02:00\""), "3:37", "`renew_windows.from` appears twice", kSameKeyTwice},
      {window("days: sat"), "3:28", "`renew_windows.days` must be a list of at least one day, such as [sat, sun]"},
      {window("days: []"), "3:28", "every day"},
      {window("days: [sta]"), "3:29", "did you mean \"sat\"?"},
      {window("days: [mon, Tue]"), "3:34", "did you mean \"tue\"?"},
      {window("days: [saturday]"), "3:29", "must list days"},
      {window("days: [6]"), "3:29", "must list days"},
      {window("days: [[sat]]"), "3:29", "must list days"},
      {window("days: [sat, sun, sat]"), "3:39", "`renew_windows.days` contains sat twice"},
      {window("from: 2"), "3:28", "`renew_windows.from` must be a time from \"00:00\" to \"23:59\", such as \"02:30\""},
      {window("from: \"2:00\""), "3:28", "must be a time from"},
      {window("from: \"02:60\""), "3:28", "must be a time from"},
      {window("from: \"02:00:00\""), "3:28", "must be a time from"},
      {window("from: \"-2:00\""), "3:28", "must be a time from"},
      {window("from: \"02-00\""), "3:28", "must be a time from"},
      {window("from: \"24:00\""), "3:28", "must be a time from \"00:00\" to \"23:59\""},
      {window("from: [\"02:00\"]"), "3:28", "must be a time from"},
      {window("from:"), "3:22", "must be a time from"},
      {window("to: \"24:01\""), "3:26", "`renew_windows.to` must be a time from \"00:00\" to \"24:00\""},
      {window("from: \"02:00\", to: \"02:00\""), "3:21",
       "`renew_windows.from` and `renew_windows.to` must not be the same", kOtherValue},
      {window("to: \"00:00\""), "3:21", "must not be the same", kOtherValue},
      {window("timezone: Europe/Pari"), "3:32",
       "`renew_windows.timezone` must be the name of a time zone on this host; did you mean \"Europe/Paris\"?",
       kTimeZoneNames},
      {window("timezone: europe/paris"), "3:32", "did you mean \"Europe/Paris\"?", kTimeZoneNames},
      {window("timezone: utc"), "3:32", "such as Europe/Paris or UTC", kTimeZoneNames},
      {window("timezone: Moon/Tranquility"), "3:32", "such as Europe/Paris or UTC", kTimeZoneNames},
      {window("timezone: ../../../etc/localtime"), "3:32", "must be the name of a time zone", kTimeZoneNames},
      {window("timezone: JST-9"), "3:32", "only the variable TZ", kTimeZoneNames},
      {window("timezone: \"CET-1CEST,M3.5.0,M10.5.0/3\""), "3:32", "only the variable TZ", kTimeZoneNames},
      {window("timezone: 2"), "3:32", "YAML reads a number here"},
      {window("timezone:"), "3:22", "must be text, not nothing"},
      {with_line("override_windows_before: 30m"), "3:30", "`override_windows_before` must be at least 1h",
       kSizeOfDuration},
      {with_line("override_windows_before: 7"), "3:30", "`override_windows_before` must be a duration"},
      {with_line("override_windows_before: 366d"), "3:30", "must not be longer than a year", kSizeOfDuration},
      {with_line("activate_windows: [{}]\n    override_windows_before: 30d"), "3:5",
       "`activate_windows` would never apply: the renewal starts 30 days before expiry (`renew_before`)", kOtherValue},
      {with_line("renew_windows: [{}]\n    renew_before: 5d"), "3:5", "`renew_windows` would never apply", kOtherValue},
  };
}

}  // namespace renewd::configuration
