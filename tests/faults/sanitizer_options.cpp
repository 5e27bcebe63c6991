// The address sanitizer's settings for this program alone: it is forked thousands of times, which takes as long as it
// has pages, and by default 256 MiB of freed ones would be kept.
extern "C" const char* __asan_default_options() {  // NOLINT(bugprone-reserved-identifier)
  return "quarantine_size_mb=4";
}
