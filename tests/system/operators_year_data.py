"""The mishaps of tests/system/operators_year, and what has to be said of each."""

from typing import NamedTuple


class Mishap(NamedTuple):
    title: str
    severity: str  # of check, status, page, metrics and alerts alike
    kind: str = ""  # of the finding that says so, as a regular expression; "" for none
    advice: str = ""  # what the advice that is shown, the first one, must name
    never: str = ""  # what no advice may name
    line: str = ""  # what check must say besides
    metric: str = ""  # what must have been scraped
    services: bool = True  # whether the daemon runs, so that there are a page and metrics
    after: str = "OK"  # the severity once the advice was followed


AS_ROOT = r"--user root|User=root"
# In the order of the year. What happens is in the functions of the same names in operators_year.
MISHAPS = {
    "in_order": Mishap("Nothing has happened: the renewal is months away", "OK"),
    "planned": Mishap("A renewed certificate waits for the next maintenance window", "OK",
                      line=r"activat\w+ .*20\d\d-\d\d-\d\d"),
    # Nothing is to be said, since the service can write there: FACTS has the renewal that shows it.
    "upgrade_moved_the_keystore": Mishap(
        "An upgrade of Gravitee moves the link above the keystore to another version's folder", "OK", never=AS_ROOT),
    "keystore_of_root": Mishap(
        "The keystore was copied as root: root:root, 0600", "CRITICAL", "keystore_unreadable",
        advice="chown", never=AS_ROOT),
    "unit_renamed": Mishap("The gateway's unit was renamed", "WARNING|CRITICAL", "gateway_down|gateway_not_restartable",
                           advice="correct the unit's name in `gateway`"),
    "unit_renamed_while_due": Mishap("The gateway's unit was renamed, and the renewal is due", "WARNING|CRITICAL",
                                     "gateway_down|gateway_not_restartable|renewal_failing",
                                     advice="correct the unit's name in `gateway`"),
    "polkit_rule_missing": Mishap("The polkit rule is missing", "WARNING", "gateway_not_restartable|polkit",
                                  advice="init --permissions", never=AS_ROOT),
    "token_unreadable": Mishap("The token's file was written by root, 0600", "WARNING", "token_unusable",
                               advice="chown", never="new account token|create a new"),
    "token_expired": Mishap("The account token has expired", "WARNING", "token_unusable", advice="new account token"),
    "token_ends_first": Mishap("The account token ends before the renewal", "WARNING", "token",
                               advice="new account token"),
    "token_garbage": Mishap("The token's file holds something else", "WARNING", "token_unusable", advice="store the token alone"),
    "gateway_failed": Mishap("The gateway is in `failed`, months after a renewal", "CRITICAL", "gateway_down",
                             advice="systemctl restart graviteeio", metric="gravitee_renewd_gateway_up.* 0"),
    "gateway_down_after_roll_back": Mishap("The roll-back did not bring the gateway up", "CRITICAL", "gateway_down",
                                           advice="gateway's own log|journalctl", metric="gravitee_renewd_gateway_up.* 0"),
    "state_full": Mishap("The state disk is full, months before the renewal", "WARNING", "state_not_writable",
                         advice="free some space"),
    "state_full_while_due": Mishap("The state disk is full, and the renewal is due", "CRITICAL", "state_not_writable",
                                   advice="free some space"),
    "no_daemon": Mishap("Neither the daemon nor a timer runs", "WARNING", "daemon_not_running",
                        advice="systemctl enable --now gravitee-renewd", services=False),
    "token_refused": Mishap("The cloud refuses the token", "WARNING|CRITICAL", "renewal_failing|token",
                            advice="new account token"),
    "wrong_ca": Mishap("`http.ca_file` does not have the cloud's CA", "WARNING", "renewal_failing",
                       advice="remove that key", never="package ca-certificates"),
    "put_back": Mishap("Configuration management puts the previous keystore back", "WARNING",
                       "older_keystore_installed", advice="rollback production --to", never="activate production"),
    "put_by_hand": Mishap("A newer keystore was installed by hand; the gateway still uses the previous one", "WARNING",
                          "other_certificate_in_use|old_certificate_in_use", advice="activate production|restart"),
    "password_rotated": Mishap("The keystore's password was changed, the service's copy was not", "CRITICAL",
                               "keystore_unreadable", advice="keystore.password", metric="certificate_not_after_timestamp_seconds"),
    "keystore_damaged": Mishap("The keystore was damaged", "CRITICAL", "keystore_unreadable",
                               advice="gravitee-renewd rollback production --to"),
    "keystore_missing": Mishap("The keystore was deleted", "CRITICAL", "keystore_unreadable",
                               advice="install -o gravitee-renewd -g gravitee -m 0640"),
    "ca_file_missing": Mishap("The file of `http.ca_file` was removed", "WARNING", "ca_file_unusable", advice="put the file"),
    "not_reloaded": Mishap("The configuration was changed, and nobody reloaded it", "WARNING", "configuration_not_in_effect",
                           advice="systemctl reload gravitee-renewd"),
    "clock_behind": Mishap("The host's clock is a year behind", "WARNING", "clock_in_doubt", advice="timedatectl"),
    "clock_ahead": Mishap("The host's clock is months ahead: the renewal seems due, the cloud's certificate expired",
                          "WARNING|CRITICAL", "renewal_failing|clock_in_doubt", advice="timedatectl|clock",
                          never="ca_file|report it"),
}

# What else has to hold, as operators_year finds it.
FACTS = {
    "moved_renews": "After an upgrade has moved the keystore, the daemon renews it, in the sandbox that it has",
    "token_is_new": "After a refused token was replaced, the daemon renews at once, by itself",
    "ca_is_right": "After a reload with the right `http.ca_file`, it does so, too",
    "unit_is_back": "After a renamed unit is back, it does so, too",
    "one_swap": "and has replaced the keystore once in all",
    "dry_run": "`renew --dry-run` says when a renewal is due, and what it would do",
    "dry_run_due": "or that it is due now",
    "by_hand_in_journal": "The system journal has what `gravitee-renewd renew` did by hand",
    "catalogue": "`journalctl --catalog` explains the events",
    "reload_fails": "`systemctl reload` fails with a configuration that has errors",
    "daemon_stays": "and the daemon keeps the one that it has",
    "upgrade": "An upgrade to a package with another sample of the configuration asks nothing",
    "upgrade_keeps": "it leaves the configuration as it is",
    "upgrade_restarts": "and the daemon runs afterwards",
}
