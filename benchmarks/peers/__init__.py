"""The public codes that this project is measured against, each at one pinned commit."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    """A public code.

    Attributes:
        id: key of `PEERS`, and folder of its clone.
        repository: owner/name on GitHub.
        commit: the pinned commit.
        variable: environment variable that names a checkout.
        landmark: a file of the checkout.
        modules: folder of the checkout that its modules are imported from.
    """

    id: str
    repository: str
    commit: str
    variable: str
    landmark: str
    modules: str = "."


PEERS: dict[str, Peer] = {
    peer.id: peer
    for peer in (
        Peer(
            "stargan", "yunjey/stargan", "94dd002e93a2863d9b987a937b85925b80f7a19f", "STARGAN_DIR", "solver.py",
        ),
        Peer(
            "ganimation_replicate", "donydchen/ganimation_replicate", "ac33ecc0e4b59cfc8e7300faf2035806350e4445",
            "GANIMATION_REPLICATE_DIR", "solvers.py",
        ),
        Peer(
            "pytorch_fid", "mseitzer/pytorch-fid", "b9c18118d082cbd263c1b8963fc4221dc1cbb659",
            "PYTORCH_FID_DIR", "src/pytorch_fid/fid_score.py", "src",
        ),
    )
}  # fmt: skip

#: Side -> the public code that it measures.
PEER_OF = {
    "stargan_training": PEERS["stargan"],
    "replicate_training": PEERS["ganimation_replicate"],
    "replicate_generation": PEERS["ganimation_replicate"],
    "pytorch_fid": PEERS["pytorch_fid"],
}
