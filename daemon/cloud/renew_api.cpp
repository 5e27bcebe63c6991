#include "cloud/renew_api.hpp"
