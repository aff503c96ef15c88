"""The rendered faces as a data set: photographs with OpenFace's CSV, whose values are the true ones."""

from cascade_efgan.data.photo_files.photos import Photo, encode_png
from cascade_efgan.data.rendered import RenderedFace, openface_csv, render, sample_plan
from cascade_efgan.data.sources.source import Completeness, Request, SourcePhotos


def rendered_photos(request: Request) -> SourcePhotos:
    """Render every face of the plan that `settings.rendered` describes, as PNG; the same settings, the same bytes."""
    wanted = request.settings.rendered
    plan = sorted(sample_plan(wanted.people, list(wanted.gazes), wanted.seed), key=lambda face: face.id)
    return SourcePhotos(map(_photo, plan), Completeness(len(plan), len(plan)))


def _photo(face: RenderedFace) -> Photo:
    shown = render(face)
    png = encode_png(shown.image)
    return Photo(face.id, f"{face.id}.png", face.person, face.expression, face.gaze, png, openface_csv(shown))
