import java.io.FileInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;

/**
 * Stands in for a gateway: opens the keystore once, at its start, as Gravitee's connector does, says which certificate it
 * uses, and runs until it is told to stop.
 */
public class Gateway {
    public static void main(String[] arguments) throws Exception {
        KeyStore keystore = KeyStore.getInstance("PKCS12");
        char[] password = Files.readString(Path.of(arguments[1])).strip().toCharArray();
        try (FileInputStream file = new FileInputStream(arguments[0])) {
            keystore.load(file, password);
        }
        if (keystore.getKey("cockpit-client", password) == null) {
            throw new IllegalStateException("no key under the alias cockpit-client");
        }
        X509Certificate certificate = (X509Certificate) keystore.getCertificate("cockpit-client");
        System.out.println("uses serial " + certificate.getSerialNumber().toString(16).toUpperCase() + ", valid until "
            + certificate.getNotAfter().toInstant());
        if (arguments.length > 2) {
            Files.writeString(Path.of(arguments[2]), Long.toString(ProcessHandle.current().pid()));
        }
        Thread.currentThread().join();
    }
}
