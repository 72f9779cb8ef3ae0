"""The two servers under comparison, on the loopback address, stopped by the process we hold."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import botocore.session
import urllib3
from botocore.config import Config

REGION = "eu-west-1"
KEY = "AKIDEXAMPLE"
NOW_MS = 1_795_219_200_000  # 2026-11-21T00:00:00Z: the simulator's clock starts here


class Server:
    """One endpoint that speaks AWS JSON 1.1."""

    def __init__(self, name, address):
        self.name = name
        self.address = address
        self.pool = urllib3.PoolManager(retries=False, timeout=30)

    def call(self, operation, body):
        """(HTTP status, headers, body bytes) of an ECS action, without any client-side validation."""
        scope = f"{KEY}/20261121/{REGION}/ecs/aws4_request"
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{operation}",
            "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0",
        }
        answer = self.pool.request("POST", self.address + "/", body=json.dumps(body), headers=headers)
        return answer.status, answer.headers, answer.data

    def control(self, name, body=None):
        """The simulator's control plane."""
        answer = self.pool.request("POST", f"{self.address}/_sim/{name}", body=json.dumps(body or {}))
        if answer.status != 200:
            raise RuntimeError(f"control {name}: {answer.status} {answer.data!r}")
        return json.loads(answer.data)

    def client(self, service="ecs"):
        """A botocore client: real serialisation, signing, parsing, waiters."""
        return botocore.session.Session().create_client(
            service,
            region_name=REGION,
            endpoint_url=self.address,
            aws_access_key_id=KEY,
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}),
        )


def stop(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def simulator(binary, speed=0, seed=1):
    """The simulator; at speed 0 time moves only by `advance`."""
    command = [binary, "--port", "0", "--speed", str(speed), "--seed", str(seed), "--now", str(NOW_MS)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield Server("simulator", process.stdout.readline().strip())
    finally:
        stop(process)


@contextmanager
def moto():
    """moto's server in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-c", "from moto.server import main; main()", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    )
    server = Server("moto", f"http://127.0.0.1:{port}")
    try:
        for _ in range(300):
            try:
                server.pool.request("GET", server.address + "/moto-api/")
                break
            except urllib3.exceptions.HTTPError:
                if process.poll() is not None:
                    raise RuntimeError("moto ended at once") from None
                time.sleep(0.1)
        yield server
    finally:
        stop(process)
