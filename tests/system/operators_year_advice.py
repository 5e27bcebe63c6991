"""What a person would type who reads an advice."""

import re

# The words after which a sentence no longer belongs to the command in it.
STOP = {"then", "to", "and", "or", "retries", "again", "as", "if", "in", "until", "which", "after", "for", "once", "where", "so",
        "at", "by", "is", "tests", "shows", "show", "says", "tries", "&&"}
PROGRAMS = r"(?<![/\w])(?:gravitee-renewd|systemctl|chown|chmod|timedatectl|journalctl|df|install(?= -o))(?= )"
NO_COMMAND = {"gravitee-renewd", "systemctl"}


def commands_in(advice):
    """What a person would type who reads this."""
    found = []
    for match in re.finditer(PROGRAMS, advice):
        words = []
        for word in advice[match.start():].split():
            if word in STOP:
                break
            words.append(re.sub(r"[;,.)`'\"]+$", "", word))
            if words[-1] != word:
                break
            if word.endswith(":") and not (words[0] == "chown" and len(words) == 2):
                words[-1] = word[:-1]
                break
        command = " ".join(words)
        is_owner = match.start() > 0 and re.search(r"(?:chown|user|to|as|-o) $", advice[:match.start()])
        if not is_owner and (len(words) > 1 or words[0] not in NO_COMMAND):
            found.append(command.replace("FILE", "/etc/gravitee-renewd/keystore-password"))
    return found
