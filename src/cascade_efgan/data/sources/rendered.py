"""The rendered faces as a data set: photographs with OpenFace's CSV, whose values are the true ones."""

from collections.abc import Iterator, Sequence

from cascade_efgan.data.photos import Completeness, Photo, Request, SourcePhotos, encode_png
from cascade_efgan.data.rendered import RenderedFace, openface_csv, render, sample_plan


def rendered_photos(request: Request) -> SourcePhotos:
    """Render every face of the plan that `settings.rendered` describes, as PNG; the same settings, the same bytes."""
    wanted = request.settings.rendered
    plan = sorted(sample_plan(wanted.people, list(wanted.gazes), wanted.seed), key=lambda face: face.id)
    return SourcePhotos(_render_all(plan), Completeness(len(plan), len(plan)))


def _render_all(plan: Sequence[RenderedFace]) -> Iterator[Photo]:
    for face in plan:
        rendering = render(face)
        yield Photo(
            id=face.id,
            file=f"{face.id}.png",
            person=face.person,
            expression=face.expression,
            gaze=face.gaze,
            data=encode_png(rendering.image),
            openface=openface_csv(rendering),
        )
