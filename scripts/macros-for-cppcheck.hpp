// What cppcheck needs to know of macros of libraries, whose headers it does not read.
#define BOOST_DEFINE_ENUM_CLASS(name, ...) enum class name { __VA_ARGS__ };
