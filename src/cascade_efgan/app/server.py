"""The service on a port of this machine."""

import logging

import uvicorn

from cascade_efgan.app.engine import Engine
from cascade_efgan.app.guard import LOOPBACK
from cascade_efgan.app.limits import Limits
from cascade_efgan.app.service import make_app

log = logging.getLogger("efgan.app")


def make_server(engine: Engine, limits: Limits, host: str, port: int) -> uvicorn.Server:
    """A server that is not started yet.

    Args:
        engine: finds faces and edits them.
        limits: what the service accepts and keeps.
        host: address to listen on; beyond this machine, every name of it is answered.
        port: 0 to 65535; 0 lets the system choose.
    """
    # Each worker is a thread: were PyTorch, NumPy or OpenCV to split every edit over all cores as well, they would wait
    # for one another.
    import cv2
    import torch
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    threadpool_limits(1)
    hosts = LOOPBACK if host in LOOPBACK else None
    config = uvicorn.Config(
        make_app(engine, limits, hosts),
        host=host,
        port=port,
        access_log=False,  # addresses of requests carry the tokens of photographs
        log_level="warning",
        server_header=False,
        limit_concurrency=limits.connections,
        timeout_keep_alive=20,
        timeout_graceful_shutdown=5,
    )
    return uvicorn.Server(config)
