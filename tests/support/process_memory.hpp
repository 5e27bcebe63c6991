// What a process has in its own writable memory; the rest is files. Only root may look.
#pragma once

#include <sys/types.h>

#include <map>
#include <string>

namespace renewd::testing {

// Of "/proc/PID".
std::string file_of(pid_t pid, const std::string& name);

// Which of the texts, by name, are in the memory, and where: "token in [heap]", a line each. Throws if it cannot look.
std::string found_in_memory(pid_t pid, const std::map<std::string, std::string>& texts);

// What is found once the process is idle: a daemon looks at a new keystore once more before it is. What is left then is
// left for good.
std::string left_in_memory(pid_t pid, const std::map<std::string, std::string>& texts);

// As PKCS#12 and JKS use passwords: in UTF-16, most significant byte first.
std::string utf16(const std::string& text);

}  // namespace renewd::testing
