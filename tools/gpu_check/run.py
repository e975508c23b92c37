"""Runs programs under time limits; all their output goes to one log file as it arrives."""

import os
import select
import signal
import subprocess
import threading
import time

_running = set()  # programs that have not ended
_KEPT = 200_000  # maximum of characters of one program's output in the log


class Log:
    """log.txt: every command with its output, written at once."""

    def __init__(self, path):
        self._file = open(path, "a", encoding="utf-8", errors="replace")
        self._lock = threading.Lock()

    def write(self, text):
        with self._lock:
            self._file.write(text if text.endswith("\n") else text + "\n")
            self._file.flush()

    def close(self):
        self._file.close()


class Finished:
    """How a program ended: its exit code (negative: the signal), its output, and whether it ran out of time."""

    def __init__(self, code, output, timed_out, seconds):
        self.code, self.output, self.timed_out, self.seconds = code, output, timed_out, seconds

    @property
    def ok(self):
        return self.code == 0 and not self.timed_out

    def complaint(self):
        """What went wrong, in a line."""
        if self.timed_out:
            return "stopped: out of time after %.0f s" % self.seconds
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        how = "ended by signal %d" % -self.code if self.code < 0 else "exit code %d" % self.code
        return how + (": " + lines[-1][:200] if lines else "")


class Program:
    """A running program. Its standard output and error are read together, line by line."""

    def __init__(self, arguments, environment=None, folder=None):
        self.arguments = [str(argument) for argument in arguments]
        self.began = time.monotonic()
        # The program gets its own process group, so that its children end with it.
        self._process = subprocess.Popen(
            self.arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})}, cwd=folder, start_new_session=True)
        self._rest = b""
        self._closed = False
        _running.add(self)

    def signal(self, number):
        os.killpg(self._process.pid, number)

    def lines(self, wait):
        """The lines that arrive within `wait` seconds, maybe none; None at the end of the output."""
        if self._closed:
            return None
        descriptor = self._process.stdout.fileno()
        if not select.select([descriptor], [], [], max(0.0, wait))[0]:
            return []
        data = os.read(descriptor, 65536)
        self._closed = not data
        parts = (self._rest + data).split(b"\n")
        self._rest = b"" if self._closed else parts.pop()
        return [part.decode("utf-8", "replace") for part in parts if part or not self._closed]

    def end(self, kill):
        """Waits for its end, which `kill` forces; returns the exit code."""
        if kill:
            for number in (signal.SIGTERM, signal.SIGKILL):
                try:
                    self.signal(number)
                    self._process.wait(timeout=3)
                    break
                except ProcessLookupError:
                    break
                except subprocess.TimeoutExpired:
                    continue
        code = self._process.wait()
        _running.discard(self)
        self._process.stdout.close()
        return code


def end_programs():
    """Ends all that run: they are in process groups of their own, so that what ends this process leaves them."""
    for program in list(_running):
        try:
            program.signal(signal.SIGKILL)
        except ProcessLookupError:
            pass


def run(log, arguments, limit, environment=None, folder=None):
    """Runs a program for at most `limit` seconds. If it cannot be started, the exit code is 127."""
    log.write("$ " + " ".join(str(argument) for argument in arguments))
    try:
        program = Program(arguments, environment, folder)
    except OSError as error:
        log.write(str(error))
        return Finished(127, str(error), False, 0.0)
    output, logged, timed_out = [], 0, False
    while True:
        lines = program.lines(min(1.0, program.began + limit - time.monotonic()))
        if lines is None:
            break
        output += lines
        for line in lines:
            logged += len(line)
            if logged < _KEPT:
                log.write(line)
        if time.monotonic() > program.began + limit:
            timed_out = True
            break
    code = program.end(kill=timed_out)
    finished = Finished(code, "\n".join(output), timed_out, time.monotonic() - program.began)
    log.write("[%s, %.1f s]" % ("out of time" if timed_out else "exit code %d" % code, finished.seconds))
    return finished
