// Boost.JSON and Boost.URL, compiled once here: header-only elsewhere, so that no shared library of Boost is needed.
// NOLINTBEGIN: not our code
#include <boost/json/src.hpp>
#include <boost/url/src.hpp>
// NOLINTEND
