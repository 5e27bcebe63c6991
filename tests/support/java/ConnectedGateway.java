import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Stands in for a gateway that is connected to the cloud: opens its keystore once, at its start, connects with it, says
 * which certificate the other side saw and what Gravitee's connector says then, and runs until it is told to stop.
 *   java ConnectedGateway KEYSTORE GRAVITEE_YML URL CA_FILE
 */
public class ConnectedGateway {
    public static void main(String[] arguments) throws Exception {
        try {
            SSLContext context = context(arguments[0], password(Path.of(arguments[1])), arguments[3]);
            System.out.println("connected with serial " + get(arguments[2], context));
            System.out.println("Exchange Connector is now connected and ready");
        } catch (Exception error) {
            System.out.println("Unable to connect to the Exchange Controller Endpoint: " + error);
            System.exit(1);
        }
        Thread.currentThread().join();
    }

    /** The one password of a gravitee.yml. */
    private static String password(Path file) throws IOException {
        Matcher line = Pattern.compile("^ *password: (.*)$", Pattern.MULTILINE).matcher(Files.readString(file));
        line.find();
        return line.group(1);
    }

    private static SSLContext context(String keystoreFile, String password, String authorityFile) throws Exception {
        KeyStore keystore = KeyStore.getInstance("PKCS12");
        try (InputStream in = new FileInputStream(keystoreFile)) {
            keystore.load(in, password.toCharArray());
        }
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(keystore, password.toCharArray());
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        try (InputStream in = new FileInputStream(authorityFile)) {
            trusted.setCertificateEntry("authority", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
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
        if (connection.getResponseCode() != 200) {
            throw new IOException("HTTP " + connection.getResponseCode());
        }
        try (InputStream in = connection.getInputStream()) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        }
    }
}
