"""An S3 server on the loopback interface that checks signatures: moto, with one user who may do everything in S3."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

#: The three calls that make the user come before there is anybody who could sign them.
CALLS_WITHOUT_SIGNATURE = 3
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}


@dataclass(frozen=True)
class S3:
    """A running server.

    Attributes:
        url: its address.
        key: access key of the user.
        secret: secret key of the user.
    """

    url: str
    key: str
    secret: str

    def environment(self) -> dict[str, str]:
        """The user's credentials, as Snakemake's storage plugin takes them."""
        return {"SNAKEMAKE_STORAGE_S3_ACCESS_KEY": self.key, "SNAKEMAKE_STORAGE_S3_SECRET_KEY": self.secret}

    def client(self, service: str = "s3") -> Any:
        """A client with the user's credentials."""
        return boto3.client(
            service, endpoint_url=self.url, region_name="us-east-1",
            aws_access_key_id=self.key, aws_secret_access_key=self.secret,
        )  # fmt: skip

    def objects(self, bucket: str, prefix: str) -> dict[str, bytes]:
        """Key behind the prefix -> content of all objects."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return {
            key.removeprefix(prefix): self.client().get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys
        }


@contextlib.contextmanager
def s3_server(folder: Path) -> Iterator[S3]:
    """Start a server; its objects live in memory and end with it."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    with (folder / "moto.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": str(CALLS_WITHOUT_SIGNATURE)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(port, server, folder / "moto.log")
        yield _with_user(f"http://127.0.0.1:{port}")
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert server.poll() is None and time.monotonic() < deadline, log.read_text(encoding="utf-8")
        time.sleep(0.2)


def _with_user(url: str) -> S3:
    iam = S3(url, "nobody", "nothing").client("iam")
    iam.create_user(UserName="reviewer")
    iam.put_user_policy(UserName="reviewer", PolicyName="s3", PolicyDocument=json.dumps(POLICY))
    made = iam.create_access_key(UserName="reviewer")["AccessKey"]
    return S3(url, made["AccessKeyId"], made["SecretAccessKey"])
