"""`openface.sh` around a program that answers as the real OpenFace does."""

import io
import os
import subprocess
import tarfile

from made_faces import landmarks, openface_text
from openface_replay import install_replay
from picture_files import encoded
from PIL import Image

PLAIN = "-fdir IN -out_dir OUT -aus -2Dfp"


def picture(side=60, form="PNG"):
    return encoded(Image.new("RGB", (side, side), (90, 60, 30)), form)


def write_tar(path, contents):
    """A tar of files by name, as bytes or as text."""
    with tarfile.open(path, "w") as archive:
        for name, data in contents.items():
            data = data.encode() if isinstance(data, str) else data
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))


class Chunk:
    """A program with recordings, a chunk of images, and the script that brings them together."""

    def __init__(self, folder, script, recordings):
        self.folder, self.script = folder, script
        self.program = install_replay(folder / "openface", recordings)
        self.images, self.out, self.log = folder / "images.tar", folder / "out" / "chunk00000.tar", folder / "runs.log"
        self.scratch = folder / "scratch"
        self.scratch.mkdir()

    def pack(self, images, failed=""):
        write_tar(self.images, {**images, "failed.tsv": failed})

    def command(self, program=None, model="-", shell="sh"):
        return [shell, self.script, program or self.program, model, self.images, self.out]

    def environment(self, **more):
        return {**os.environ, "TMPDIR": str(self.scratch), "EFGAN_REPLAY_LOG": str(self.log), **more}

    def run(self, program=None, model="-", shell="sh", **environment):
        command = self.command(program, model, shell)
        done = subprocess.run(
            command, env=self.environment(**environment), capture_output=True, text=True, cwd=self.folder
        )
        assert not list(self.scratch.iterdir()), "temporary files are left"
        assert [path.name for path in self.out.parent.glob(".*")] == [], "a half-written tar is left"
        return done

    def result(self, **options):
        done = self.run(**options)
        assert (done.returncode, done.stderr) == (0, "")
        with tarfile.open(self.out) as archive:
            return {member.name: archive.extractfile(member).read().decode() for member in archive}

    def refused(self, **options):
        done = self.run(**options)
        assert done.returncode == 1
        assert not self.out.exists()
        assert done.stderr.count("\n") == 1
        return done.stderr

    def runs(self):
        return [line.split() for line in self.log.read_text().splitlines()]


def csv_of(number):
    """The CSV of one face whose AUs give the number."""
    return openface_text([(0.98, [number / 10] * 17, landmarks())])


def failures(result):
    return dict(line.split("\t") for line in result["failed.tsv"].splitlines())


def stems(result):
    return sorted(name.removesuffix(".csv") for name in result if name.endswith(".csv"))
