"""What it costs to see that nothing is due, beside what people use for that question."""

import pathlib

from hosts import HERE, Host, Programs, run
from measuring import Answer, Comparison, Competitor, Row, Target, in_turns, ratio

ROUNDS = 30
NAME = "gateway.example.org"


def other_tools(directory: pathlib.Path) -> list[Competitor]:
    """Each with one certificate that is not due, in the files that it would have made of it."""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "300",
         "-keyout", str(key), "-out", str(certificate), "-subj", f"/CN={NAME}",
         "-addext", f"subjectAltName=DNS:{NAME}"])
    return [certbot(directory / "certbot", certificate.read_text(), key.read_text()),
            lego(directory / "lego", certificate.read_text(), key.read_text()),
            uacme(directory / "uacme", certificate.read_text(), key.read_text())]


def write(files: dict[pathlib.Path, str]) -> None:
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def certbot(home: pathlib.Path, certificate: str, key: str) -> Competitor:
    texts = {"cert": certificate, "chain": certificate, "fullchain": certificate * 2, "privkey": key}
    write({home / f"archive/{NAME}/{name}1.pem": text for name, text in texts.items()})
    live = home / f"live/{NAME}"
    live.mkdir(parents=True)
    for name in texts:
        (live / f"{name}.pem").symlink_to(f"../../archive/{NAME}/{name}1.pem")
    settings = [f"{name} = {live}/{name}.pem" for name in texts]
    write({home / f"renewal/{NAME}.conf": "\n".join(
        ["version = 2.1.0", f"archive_dir = {home}/archive/{NAME}", *settings, "[renewalparams]",
         f"account = {'0' * 32}", "authenticator = standalone", "server = https://127.0.0.1:9/directory", ""])})
    return Competitor("certbot renew", ["certbot", "renew", "--no-random-sleep-on-renew", "--config-dir", str(home),
                                        "--work-dir", str(home / "work"), "--logs-dir", str(home / "logs")])


def lego(home: pathlib.Path, certificate: str, key: str) -> Competitor:
    write({home / f"certificates/{NAME}.crt": certificate, home / f"certificates/{NAME}.key": key,
           home / f"certificates/{NAME}.json": f'{{"domain": "{NAME}"}}'})
    return Competitor("lego list", ["lego", "--path", str(home), "list"])


def uacme(home: pathlib.Path, certificate: str, key: str) -> Competitor:
    write({home / "private/key.pem": key, home / f"private/{NAME}/key.pem": key,
           home / f"{NAME}/cert.pem": certificate})
    return Competitor("uacme issue", ["uacme", "--confdir", str(home), "--acme-url", "https://127.0.0.1:9/directory",
                                      "issue", NAME], status=1)  # its way to say that nothing was done


def ask(programs: Programs, work: pathlib.Path) -> Answer:
    host = Host(programs, work / "nothing-due")
    keystore, = programs.make_keystores(host.directory / "keystores", 1, 300)
    host.configure([keystore])
    password = str(host.directory / "password")
    pipeline, opener = "the openssl pipeline", "the C program"
    with host.daemon():  # `check` warns where none has run
        competitors = [
            Competitor("check", host.command("check")),
            Competitor(pipeline, [str(HERE / "check-with-openssl"), str(keystore), password]),
            Competitor(opener, [programs.open_keystore, password, str(keystore)]),
            *other_tools(host.directory)]
        times = in_turns(competitors, ROUNDS)
    check = times["check"].wall
    targets = {pipeline: Target(0.30), opener: Target(1.25)}
    compared = tuple(Comparison(name, ratio(check, times[name].wall), target) for name, target in targets.items())
    rows = [Row(one.name, times[one.name].wall, host.shown(one.argv),
                comparisons=compared if one.name == "check" else
                (Comparison("check", ratio(times[one.name].wall, check)),)) for one in competitors]
    return Answer(
        "Nothing is due",
        f"One certificate with 300 days left, wall time, {ROUNDS} rounds in turns. The first three open one keystore "
        "(PKCS#12 with an EC key; its MAC and its two encrypted parts have 2,048 rounds each); the others have such a "
        "certificate as PEM. A daemon runs, since `check` asks whether one does.",
        rows,
        ["The pipeline and the C program (`PKCS12_parse`, then notAfter) answer one question: when does it expire. "
         "`check` also reads the state and the configuration, and finds out what would prevent a renewal.",
         "certbot decides whether the certificate is due, as its timer does twice a day. lego only lists: `lego renew` "
         "would ask the network first. uacme decides, and does not ask the network since nothing is due (its exit "
         "status is then 1). None of them opens a keystore with a password."])
