"""The part of a Kubernetes API that Snakemake's executor talks to, on the loopback interface.

No cluster: a "pod" is the container's command, run by a shell in an empty folder of its own, with the variables that
the image and the secret would give it and nothing of the test's. What this cannot show is said in docs/cluster.md.
"""

import base64
import contextlib
import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from programs import write_program

KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{{name: loopback, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
users: [{{name: nobody, user: {{}}}}]
contexts: [{{name: loopback, context: {{cluster: loopback, user: nobody}}}}]
current-context: loopback
"""


@dataclass
class FakeKubernetes:
    """The state of the server.

    Attributes:
        folder: holds the pods' folders and the kubeconfig.
        image: variables that the image sets.
        jobs: name -> the job object as it was sent.
        secrets: name -> values, decoded.
        pods: name -> the process that stands in for the job's pod.
    """

    folder: Path
    image: dict[str, str]
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    pods: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def kubeconfig(self) -> Path:
        """The file for KUBECONFIG."""
        return self.folder / "kubeconfig"

    def log(self, name: str) -> str:
        """What a pod printed."""
        return (self.folder / name / "log").read_text(encoding="utf-8")

    def start(self, body: dict[str, Any]) -> None:
        """Start a job's pod."""
        name = body["metadata"]["name"]
        self.jobs[name] = body
        (container,) = body["spec"]["template"]["spec"]["containers"]
        sources = {entry["name"]: entry["valueFrom"]["secretKeyRef"] for entry in container["env"]}
        secrets = {variable: self.secrets[source["name"]][source["key"]] for variable, source in sources.items()}
        work = self.folder / name / "workdir"
        work.mkdir(parents=True)
        with (self.folder / name / "log").open("wb") as log:
            self.pods[name] = subprocess.Popen(
                [*container["command"], *container["args"]], cwd=work, stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, env={**self.image, **secrets, "HOME": str(self.folder / name)},
            )  # fmt: skip

    def status(self, name: str) -> dict[str, Any]:
        """A job with its status."""
        code = self.pods[name].poll()
        counts = {"active": 1} if code is None else {"succeeded": 1} if code == 0 else {"failed": 1}
        return {**self.jobs[name], "status": counts}

    def pod(self, name: str) -> dict[str, Any]:
        """A pod with the state of its container."""
        code = self.pods[name].poll()
        state = {"running": {}} if code is None else {"terminated": {"exitCode": code}}
        container = {"name": "snakemake", "state": state, "ready": code is None, "restartCount": 0}
        container |= {"image": "image", "imageID": "image"}
        return {"metadata": {"name": f"{name}-pod"}, "status": {"containerStatuses": [container]}}

    def answer(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """The answer to a request; None: not found."""
        resource, _, query = path.partition("?")
        parts = resource.split("/namespaces/default/")[-1].split("/")
        match method, parts:
            case "POST", ["secrets"]:
                values = {key: base64.b64decode(value).decode() for key, value in body["data"].items()}
                self.secrets[body["metadata"]["name"]] = values
                return body
            case "POST", ["jobs"]:
                self.start(body)
                return body
            case "GET", ["jobs", name, "status"]:
                return self.status(name)
            case "GET", ["pods"]:
                name = re.sub(".*job-name(=|%3D)", "", query).split("&")[0]
                return {"kind": "PodList", "apiVersion": "v1", "items": [self.pod(name)]}
            case "GET", ["pods", pod, "log"]:
                return self.log(pod.removesuffix("-pod"))
            case "DELETE", _:
                return {"kind": "Status", "status": "Success"}
        return None


def _handler(kubernetes: FakeKubernetes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}")
            answer = kubernetes.answer(self.command, self.path, body)
            data = b"{}" if answer is None else json.dumps(answer).encode()
            self.send_response(404 if answer is None else 201 if self.command == "POST" else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Print nothing."""

    return Handler


@contextlib.contextmanager
def fake_kubernetes(folder: Path, image: dict[str, str]) -> Iterator[FakeKubernetes]:
    """Start the server in a thread; pods that still run are killed at its end."""
    kubernetes = FakeKubernetes(folder, image)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(kubernetes))
    kubernetes.kubeconfig.write_text(KUBECONFIG.format(port=server.server_address[1]), encoding="utf-8")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield kubernetes
    finally:
        server.shutdown()
        for process in kubernetes.pods.values():
            if process.poll() is None:
                process.kill()
            process.wait(timeout=30)


def image_variables(programs: Path, folder: Path) -> dict[str, str]:
    """What the Dockerfile's image sets, with this environment's programs in place of the image's.

    Snakemake has a pod run `pip install` for its storage plugin first. In the image that finds the pinned wheel beside
    it; here a stand-in answers, because the environment has the plugin already.
    """
    stand_in = write_program(folder / "bin" / "pip", '#!/bin/sh\necho pip "$@"\n').parent
    return {"PATH": os.pathsep.join([str(stand_in), str(programs), "/usr/bin", "/bin"]), "PYTHONPATH": "src"}
