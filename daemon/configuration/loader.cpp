#include "configuration/loader.hpp"
