"""What a person does at a terminal, for commands that wait for one.

    person.py answers COMMAND...                types the account token, and the answers below
    person.py ends SIGNAL WORD COMMAND...       ends the command by the signal once it has printed the word

Ends with the command's exit status.
"""

import os
import pty
import select
import signal
import subprocess
import sys
import threading

# To `init`: by the beginning of each question. Nothing but Return takes what it proposes.
ANSWERS = {
    "Name for logs and metrics": "production",
    "Account URL": "https://eu.cloud.gravitee.io/management/accounts/7b6f41d3-7118-41e9-af41-d3711801e973",
    "File of the account token": "",
    "Account token": os.environ.get("TOKEN", ""),
}
PATIENCE = 60  # seconds; ends a conversation that is stuck


def answer(command):
    child, terminal = pty.fork()
    if child == 0:
        os.environ["COLUMNS"] = "400"  # no question is broken into lines
        os.execvp(command[0], command)
    printed = ""
    while select.select([terminal], [], [], PATIENCE)[0]:
        try:
            printed += os.read(terminal, 4096).decode()
        except OSError:  # the command has closed its end
            print(printed)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        question = printed.rsplit("\n", 1)[-1]
        if question.endswith(": "):
            known = [text for beginning, text in ANSWERS.items() if question.startswith(beginning)]
            if not known:
                break
            os.write(terminal, known[0].encode() + b"\n")
            printed += "\n"
    os.kill(child, signal.SIGKILL)
    print(f"{printed}\nperson.py: does not know what to answer")
    return 1


def end(name, word, command):
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        stuck = threading.Timer(PATIENCE, process.kill)
        stuck.start()
        seen = False
        for line in process.stdout:
            print(line, end="")
            if not seen and word in line:
                seen = True
                process.send_signal(signal.Signals[name])
        stuck.cancel()
    if not seen:
        print(f"person.py: it has not printed {word}")
    return process.returncode if seen else 1


if sys.argv[1] == "answers":
    sys.exit(answer(sys.argv[2:]))
sys.exit(end(f"SIG{sys.argv[2]}", sys.argv[3], sys.argv[4:]))
