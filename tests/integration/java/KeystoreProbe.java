// Opens keystores as a gateway does, and connects with each of them to a server that asks for a client certificate:
//   java KeystoreProbe.java PASSWORD URL CA_FILE KEYSTORE...
// One line a keystore: "FILE alias cockpit-client, chain of 2: HTTP 200 <body>". Exits 1 when any fails.

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public class KeystoreProbe {
  private static final String ALIAS = "cockpit-client";

  public static void main(String[] args) throws Exception {
    char[] password = args[0].toCharArray();
    KeyStore trusted = trust(args[2]);
    boolean good = true;
    for (int i = 3; i < args.length; i++) {
      try {
        KeyStore keystore = KeyStore.getInstance("PKCS12");
        try (InputStream in = new FileInputStream(args[i])) {
          keystore.load(in, password);
        }
        System.out.println(args[i] + " " + describe(keystore, password) + ": "
            + get(args[1], context(keystore, password, trusted)));
      } catch (GeneralSecurityException | IOException error) {
        System.out.println(args[i] + " FAILED: " + error);
        good = false;
      }
    }
    System.exit(good ? 0 : 1);
  }

  private static KeyStore trust(String file) throws GeneralSecurityException, IOException {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (InputStream in = new FileInputStream(file)) {
      trusted.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    return trusted;
  }

  private static String describe(KeyStore keystore, char[] password) throws GeneralSecurityException {
    Key key = keystore.getKey(ALIAS, password);
    Certificate[] chain = keystore.getCertificateChain(ALIAS);
    if (key == null || chain == null) {
      throw new GeneralSecurityException("no key under the alias " + ALIAS);
    }
    return "alias " + ALIAS + ", chain of " + chain.length;
  }

  private static SSLContext context(KeyStore keystore, char[] password, KeyStore trusted)
      throws GeneralSecurityException {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(keystore, password);
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static String get(String url, SSLContext context) throws IOException {
    HttpsURLConnection connection = (HttpsURLConnection) new URL(url).openConnection();
    connection.setSSLSocketFactory(context.getSocketFactory());
    connection.setConnectTimeout(10_000);
    connection.setReadTimeout(10_000);
    connection.setRequestProperty("Connection", "close");
    int status = connection.getResponseCode();
    if (status != 200) {
      throw new IOException("HTTP " + status);
    }
    try (InputStream in = connection.getInputStream()) {
      return "HTTP " + status + " " + new String(in.readAllBytes(), StandardCharsets.UTF_8).trim();
    }
  }
}
