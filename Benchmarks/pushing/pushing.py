"""A registry with a server that can be killed, and Hub clients that push to it."""
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

UPLOADER = str(Path(__file__).resolve().parent / "uploader.py")


class Failure(Exception):
    pass


def expect(condition, message):
    if not condition:
        raise Failure(message)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Registry:
    """A registry in a folder of its own, and its server on a port that stays the same."""

    def __init__(self, program, folder, options=()):
        self.program, self.folder, self.options = str(Path(program).resolve()), Path(folder), list(options)
        self.path = str(self.folder / "registry")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = None
        self.run("init")
        self.token = json.loads(self.run("token", "add", "pusher", "--scope", "write", "--json"))["secret"]

    def run(self, *arguments):
        done = subprocess.run([self.program, *arguments, "--registry", self.path], capture_output=True, text=True)
        expect(done.returncode == 0, f"deltaic {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def start(self):
        log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen(
            [self.program, "serve", "--listen", f"127.0.0.1:{self.port}", "--registry", self.path, "--rate", "0",
             *self.options], stdout=subprocess.DEVNULL, stderr=log)
        end = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                expect(self.process.poll() is None and time.monotonic() < end, "the server does not start")
                time.sleep(0.02)

    def shoot(self):
        self.process.send_signal(signal.SIGKILL)

    def kill(self):
        self.shoot()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            expect(self.process.wait(60) == 0, "the server did not stop cleanly")

    def versions(self, model):
        done = subprocess.run([self.program, "log", model, "--json", "--registry", self.path], capture_output=True, text=True)
        if done.returncode != 0:
            return []
        found = json.loads(done.stdout)
        return found["versions"] if isinstance(found, dict) else found

    def files(self, reference):
        """The files of a version as they are pulled, with their SHA-256."""
        output = self.folder / "pulled"
        shutil.rmtree(output, ignore_errors=True)
        self.run("pull", reference, "--output", str(output))
        return digests(output)

    def wait_until_compressed(self, seconds=120):
        end = time.monotonic() + seconds
        while json.loads(self.run("compress", "--list", "--json")):
            expect(time.monotonic() < end, "what was pushed is not compressed")
            time.sleep(0.1)

    def pack_bytes(self):
        return sum(p.stat().st_size for p in Path(self.path, "packs").rglob("*.pack"))

    def peak_memory(self):
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
        return 0


class Wire:
    """Stands between clients and a server, and counts what goes over."""

    def __init__(self, port, rate=None):
        self.port, self.rate = port, rate
        self.sent = self.received = 0
        self.at = None
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def call_at(self, count, action):
        """Runs `action` once the clients have sent so many bytes from now on."""
        with self.lock:
            self.at = (self.sent + count, action)

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            try:
                target = socket.create_connection(("127.0.0.1", self.port), timeout=5)
            except OSError:
                client.close()
                continue
            threading.Thread(target=self.relay, args=(client, target, True), daemon=True).start()
            threading.Thread(target=self.relay, args=(target, client, False), daemon=True).start()

    def relay(self, source, target, is_sent):
        source.settimeout(None)
        try:
            while data := source.recv(65536):
                action = None
                with self.lock:
                    if is_sent:
                        self.sent += len(data)
                        if self.at and self.sent >= self.at[0]:
                            action, self.at = self.at[1], None
                    else:
                        self.received += len(data)
                if action:
                    action()
                target.sendall(data)
                if is_sent and self.rate:
                    time.sleep(len(data) / self.rate)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def digests(folder):
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(Path(folder).rglob("*"))
            if p.is_file() and ".cache" not in p.parts and p.name != ".gitattributes"}


def upload(python, url, token, model, folder, transfer, home):
    """Starts a client; its answer is the line of JSON that it prints."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HF_")}
    environment["HF_HOME"] = str(home)
    return subprocess.Popen([python, UPLOADER, url, token, model, str(folder), transfer], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, env=environment)


def answer(client, seconds=300):
    try:
        out, _ = client.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        # Its user gives up.
        client.kill()
        out, _ = client.communicate()
    lines = [line for line in out.splitlines() if line.startswith("{")]
    return json.loads(lines[-1]) if lines else {"error": "the client said nothing"}


def weights(seed, megabytes, base=None, deviation=2e-4):
    """A safetensors file of normal weights in BF16, or one that is near `base`."""
    generator = random.Random(seed)
    rows = megabytes * 1024 * 1024 // 2048
    header = json.dumps({"__metadata__": {"format": "pt"},
                         "layer.weight": {"dtype": "BF16", "shape": [rows, 1024], "data_offsets": [0, rows * 2048]}}).encode()
    header += b" " * (-len(header) % 8)
    if base is None:
        # One block of normal values, turned a little further for each row: fast, and not compressible as a repeat.
        block = [generator.gauss(0, 0.02) for _ in range(1024)]
        body = bytearray()
        for row in range(rows):
            scale = generator.gauss(0, 1)
            body += b"".join(struct.pack("<f", v * scale)[2:] for v in block)
    else:
        body = bytearray(base[8 + struct.unpack("<Q", base[:8])[0]:])
        for position in range(0, len(body), 2 * generator.randrange(3, 9)):
            body[position] ^= 1
    return struct.pack("<Q", len(header)) + header + bytes(body)
