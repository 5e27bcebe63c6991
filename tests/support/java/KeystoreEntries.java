// What a JDK sees in keystores:
//   java KeystoreEntries.java PASSWORD KEYSTORE...
// One line a keystore, in words divided by spaces: what its key manager sends to a server, then each entry with a key, as
// ALIAS=SERIAL; SERIAL is that of the first certificate in hexadecimal, or "none", and ALIAS has \\uXXXX for what is no
// letter or digit of ASCII. The first word is "none" when the key manager has nothing to send. What does not open becomes
// "FAILED" and the reason.

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Collections;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.X509KeyManager;

public class KeystoreEntries {
  public static void main(String[] args) {
    char[] password = args[0].toCharArray();
    for (int i = 1; i < args.length; i++) {
      try {
        System.out.println(describe(args[i], password));
      } catch (GeneralSecurityException | IOException error) {
        System.out.println("FAILED " + error);
      }
    }
  }

  private static String describe(String file, char[] password) throws GeneralSecurityException, IOException {
    KeyStore keystore = KeyStore.getInstance("JKS");  // a gateway's usual setting, under which PKCS#12 opens as well
    try (InputStream in = new FileInputStream(file)) {
      keystore.load(in, password);
    }
    KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(keystore, password);
    X509KeyManager manager = (X509KeyManager) factory.getKeyManagers()[0];
    String chosen = manager.chooseClientAlias(new String[] {"EC", "RSA"}, null, null);
    StringBuilder line = new StringBuilder(chosen == null ? "none" : entry(keystore, chosen));
    for (String alias : Collections.list(keystore.aliases())) {
      if (keystore.isKeyEntry(alias)) {
        line.append(' ').append(entry(keystore, alias));
      }
    }
    return line.toString();
  }

  private static String entry(KeyStore keystore, String alias) throws GeneralSecurityException {
    Certificate certificate = keystore.getCertificate(alias);
    String serial = certificate == null ? "none" : ((X509Certificate) certificate).getSerialNumber().toString(16);
    return escaped(alias) + "=" + serial;
  }

  private static String escaped(String alias) {
    StringBuilder text = new StringBuilder();
    for (char unit : alias.toCharArray()) {
      boolean plain = unit < 0x80 && (Character.isLetterOrDigit(unit) || unit == '-');
      text.append(plain ? String.valueOf(unit) : String.format("\\u%04X", (int) unit));
    }
    return text.toString();
  }
}
