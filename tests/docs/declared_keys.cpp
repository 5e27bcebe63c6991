// Prints the declared keys of the configuration as JSON, from which keys.py writes the documents.
#include <iostream>

#include <boost/json.hpp>

#include "configuration/secret_keys.hpp"
#include "configuration/settings.hpp"
#include "unit/configuration/declared.hpp"

int main() {
  using namespace renewd::configuration;
  Settings settings;
  MaintenanceWindow window;
  SecretKeys secret;
  std::cout << boost::json::object{{"file", declared(settings.keys())},
                                   {"window", declared(window.keys())},
                                   {"secret", declared(secret.keys())}}
            << '\n';
  return 0;
}
