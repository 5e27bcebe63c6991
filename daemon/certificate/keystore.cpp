#include "certificate/keystore.hpp"
