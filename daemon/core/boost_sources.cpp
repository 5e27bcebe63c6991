// Compiles Boost.JSON and Boost.URL, so that no shared library of Boost is needed.
// NOLINTBEGIN: foreign code
#include <boost/json/src.hpp>
#include <boost/url/src.hpp>
// NOLINTEND
