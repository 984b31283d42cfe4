"""Starts `deltaic serve` on a registry of the real models, and says what the process takes."""
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.parse
from pathlib import Path


class Program:
    """The deltaic program on one registry."""

    def __init__(self, path, registry):
        self.path, self.registry = str(path), str(registry)

    def run(self, *arguments):
        done = subprocess.run([self.path, *arguments, "--registry", self.registry], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"deltaic {' '.join(arguments)} failed with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def token(self, name, scope="read"):
        return json.loads(self.run("token", "add", name, "--scope", scope, "--json"))["secret"]


def registry(program_path, models, place):
    """A registry with a lossless and a lossy fine-tune of the real base; made once per place."""
    program = Program(program_path, Path(place) / "registry")
    if not Path(program.registry, "deltaic.json").exists():
        program.run("init")
        for suffix in ("", "-bf16"):
            program.run("base", "add", f"{models}/all-MiniLM-L6-v2{suffix}", "--name", f"minilm{suffix}")
            program.run("register", f"{models}/sre-embedding-model{suffix}", "--name", f"acme/sre{suffix}",
                        "--base", f"minilm{suffix}", "--task", "retrieval", "--tag", "prod")
        program.run("register", f"{models}/sre-embedding-model-bf16", "--name", "acme/sre-small", "--base", "minilm-bf16",
                    "--codec", "seeded-sign", "--ratio", "40", "--tag", "prod")
    return program


class Server:
    """`deltaic serve` as a process of its own, on a port that is free."""

    def __init__(self, program, *options):
        self.log = tempfile.NamedTemporaryFile("w+", prefix="deltaic-serve-", suffix=".log", delete=False)
        self.process = subprocess.Popen(
            [program.path, "serve", "--registry", program.registry, "--listen", "127.0.0.1:0", "--json", *options],
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        text = ""
        for line in self.process.stdout:
            text += line
            if line.startswith("}"):
                break
        if not text:
            self.log.seek(0)
            sys.exit(f"the server did not start: {self.log.read()}")
        self.url = json.loads(text)["url"]
        self.host = urllib.parse.urlsplit(self.url)

    def connect(self, timeout=60):
        return http.client.HTTPConnection(self.host.hostname, self.host.port, timeout=timeout)

    def get(self, path, headers=None, method="GET"):
        connection = self.connect()
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()
        finally:
            connection.close()

    def status(self, name):
        """A figure of /proc/PID/status in KiB, or the number of open files for "files"."""
        if name == "files":
            return len(os.listdir(f"/proc/{self.process.pid}/fd"))
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith(name + ":"):
                return int(line.split()[1])
        return 0

    def stop(self):
        """Asks it to stop, and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return -9
        finally:
            self.log.close()

    def logged(self):
        return Path(self.log.name).read_text(errors="replace")
