// Keystores of every format.
#include "certificate/keystore.hpp"
#include "core/text.hpp"
#include "input.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace renewd;
  using namespace renewd::certificate;
  using renewd::fuzz::expect;
  static const Secret password("changeit");
  const std::string_view bytes = fuzz::text_of(data, size);
  const auto keystore = open_keystore(bytes, password);
  if (!keystore) {
    expect(escaped(keystore.error().message) == keystore.error().message);
  } else {
    expect(detect_format(bytes) == keystore->format && keystore->chain.size() < 500);
    expect(keystore->extra_bytes < bytes.size() && (!keystore->key || keystore->has_key_entry));
    for (const std::string& text : {keystore->certificate.subject(), keystore->certificate.issuer(),
                                    keystore->certificate.serial(), keystore->unread_key}) {
      expect(escaped(text) == text);
    }
    if (const auto& key = keystore->key; key && keystore->certificate.belongs_to(*key)) {
      // What was read is written as PEM, and reads as the same.
      const auto pem = write_pem(keystore->certificate, keystore->chain, *key, Secret());
      const auto again = pem ? open_keystore(*pem, Secret()) : keystore;
      expect(pem && again && again->key && again->chain.size() == keystore->chain.size());
      expect(again->certificate.fingerprint_sha256() == keystore->certificate.fingerprint_sha256());
    }
  }
  const auto bundle = read_bundle(bytes);
  expect(bundle ? !bundle->empty() : escaped(bundle.error().message) == bundle.error().message);
  return 0;
}
