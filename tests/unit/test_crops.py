"""Crops: the square, the area filter at closed forms, landmarks that move along, and bad photographs."""

import io

import cv2
import numpy as np
import pandas as pd
import pytest
from made_faces import landmarks
from PIL import Image

from cascade_efgan.data.crops import crop_image, crop_square, padding_share, to_crop
from cascade_efgan.data.dataset import INDEX_COLUMNS
from cascade_efgan.data.images import decode_image
from cascade_efgan.data.manifest import read_manifest, write_manifest
from cascade_efgan.data.openface.faces import choose_face, read_openface
from cascade_efgan.data.photos import PhotoZip, encode_png, new_zip, sha256
from cascade_efgan.data.records import landmarks_of
from cascade_efgan.errors import InputError

NOISE = np.random.default_rng(0).integers(0, 256, (50, 60, 3), dtype=np.uint8)


def whole(image):
    """The square of a square image: from the outer edge of its first pixel."""
    return (-0.5, -0.5, len(image))


def replace_photo(data, file, content):
    """Write the zip anew with other bytes for one file (None: without it) and the hash that belongs to them."""
    manifest = read_manifest(data.manifest)
    with new_zip(data.photos) as archive:
        for name in manifest["file"]:
            if name != file:
                archive.add(name, encode_png(np.zeros((100, 120, 3), dtype=np.uint8)))
            elif content is not None:
                archive.add(name, content)
    black = sha256(encode_png(np.zeros((100, 120, 3), dtype=np.uint8)))
    manifest["sha256"] = [sha256(content or b"") if name == file else black for name in manifest["file"]]
    write_manifest(data.manifest, manifest.to_dict("records"))


def test_the_square_surrounds_the_landmarks():
    square = crop_square(landmarks(left=20, top=30, side=60), margin=0.25)
    assert square == (5, 15, 90)
    corners = to_crop(np.array([[20.0, 30.0], [80.0, 90.0]]), square, 90)
    np.testing.assert_allclose(corners, [[14.5, 14.5], [74.5, 74.5]])


def test_a_wide_face_is_centred_too():
    points = np.array([[0.0, 10.0], [40.0, 30.0]])
    x, y, side = crop_square(points, margin=0)
    assert (x, y, side) == (0, 0, 40)
    np.testing.assert_allclose(to_crop(points, (x, y, side), 20).mean(axis=0), [9.5, 9.5])


def test_landmarks_on_one_point_are_refused():
    with pytest.raises(InputError, match="all 68 landmarks lie on one point"):
        crop_square(np.ones((68, 2)), margin=0.25)


def test_the_whole_image_at_its_size_is_itself():
    image = NOISE[:50, :50]
    np.testing.assert_array_equal(crop_image(image, whole(image), 50), image)


def test_halving_takes_the_mean_of_every_block():
    image = NOISE[:48, :48]
    blocks = image.reshape(24, 2, 24, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(crop_image(image, whole(image), 24), blocks, atol=0.5)


def test_shrinking_agrees_with_opencvs_area_filter():
    image = NOISE[:48, :48]
    reference = cv2.resize(image, (13, 13), interpolation=cv2.INTER_AREA)
    difference = crop_image(image, whole(image), 13).astype(int) - reference
    # Both are exact means; they may round a tie differently.
    assert np.abs(difference).max() <= 1


def test_enlarging_interpolates_linearly():
    image = np.array([[[0], [100]], [[0], [100]]], dtype=np.uint8)
    crop = crop_image(image, whole(image), 8)[0, :, 0]
    expected = np.interp((np.arange(8) + 0.5) / 4 - 0.5, [0, 1], [0, 100])
    np.testing.assert_allclose(crop, expected, atol=0.5)


def test_a_half_pixel_shift_averages_neighbours():
    crop = crop_image(NOISE, (9.0, 4.5, 10), 10)
    part = NOISE[5:15, 9:20].astype(float)
    np.testing.assert_allclose(crop, (part[:, :-1] + part[:, 1:]) / 2, atol=0.5001)


@pytest.mark.parametrize("size", [8, 20, 64])
def test_landmarks_stay_on_the_pixels_that_they_marked(size):
    ramp = np.tile(np.arange(200, dtype=np.uint8)[None, :, None], (200, 1, 1))
    square = (30.3, 20.7, 55.4)
    column = crop_image(ramp, square, size)[0, :, 0]
    # A ramp's value is its x; the mean over an area is the value at its middle.
    photo_x = np.arange(40, 80, 5.0)
    in_crop = to_crop(np.stack([photo_x, photo_x], axis=1), square, size)[:, 0]
    np.testing.assert_allclose(np.interp(in_crop, np.arange(size), column), photo_x, atol=0.51)


def test_the_border_is_repeated_where_the_square_leaves_the_image():
    padded = np.pad(NOISE, ((20, 20), (20, 20), (0, 0)), mode="edge")
    inside = crop_image(NOISE, (-15.3, -12.8, 80.2), 40)
    np.testing.assert_array_equal(inside, crop_image(padded, (4.7, 7.2, 80.2), 40))


def test_a_square_beyond_the_image_repeats_its_corner():
    crop = crop_image(NOISE, (100, 100, 20), 4)
    np.testing.assert_array_equal(crop, np.broadcast_to(NOISE[-1, -1], (4, 4, 3)))


def test_a_constant_image_stays_constant():
    image = np.full((30, 30, 3), 255, dtype=np.uint8)
    assert (crop_image(image, (-3.21, 4.56, 29.87), 17) == 255).all()


@pytest.mark.parametrize(
    ("square", "share"),
    [
        ((-0.5, -0.5, 50), 0),  # from the outer edge of the first pixel
        ((9.5, -0.5, 50), 0),  # to the outer edge of the last one
        ((3.3, 0.7, 20.1), 0),
        ((-10.5, 0, 40), 0.25),
        ((49.5, 0, 20), 0.5),
        ((0, 39.5, 20), 0.5),
        ((49.5, 39.5, 20), 0.75),  # a corner
        ((-25.5, -0.5, 100), 0.7),  # larger than the photograph on three sides: 60 x 50 of 100 x 100
        ((200, 200, 10), 1),
    ],
)
def test_padding_is_the_share_of_the_area_outside_the_photograph(square, share):
    padding = padding_share(square, (60, 50))
    assert padding == pytest.approx(share, abs=1e-12)
    assert (padding == 0) == (share == 0)  # exactly 0 inside: only then is a crop not flagged


def test_a_photograph_without_pixels_is_all_padding():
    assert padding_share((0, 0, 10), (0, 0)) == 1


def test_the_stage_packs_crops_with_their_index(small_data):
    small_data.extract_aus()
    faces = small_data.crop()
    assert faces.images.shape == (8, 32, 32, 3)
    assert list(faces.index.columns) == list(INDEX_COLUMNS)
    marks = landmarks_of(faces.index)
    box = marks.max(axis=1) - marks.min(axis=1)
    np.testing.assert_allclose(box.max(axis=1), 32 / 1.5, atol=0.1)
    np.testing.assert_allclose((marks.max(axis=1) + marks.min(axis=1)) / 2, 15.5, atol=0.1)


def test_equal_pixels_are_known_whatever_the_file(tmp_path, small_data, caplog):
    """A PNG copy of a JPEG, or a file without its EXIF, was one more photograph."""
    small_data.extract_aus()
    with PhotoZip(small_data.photos) as photos:
        rows = pd.read_csv(small_data.manifest, dtype=str)
        data = {file: photos.read(file) for file in rows["file"]}
    upright = decode_image(data["p00_neutral.png"], "x")
    turned = io.BytesIO()  # lies on its side, and says so
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.ascontiguousarray(np.rot90(upright))).save(turned, "WEBP", lossless=True, exact=True, exif=exif)
    data["p01_happy.png"] = turned.getvalue()
    rows.loc[rows["file"] == "p01_happy.png", "sha256"] = sha256(turned.getvalue())
    rows.to_csv(small_data.manifest, index=False)
    with new_zip(small_data.photos) as archive:
        for file, content in data.items():
            archive.add(file, content)
    index = small_data.crop().index.set_index("id")
    assert index["pixels"].nunique() == 7 and index["pixels"]["p00_neutral"] == index["pixels"]["p01_happy"]
    assert "1 of 8 photographs are copies of others (the first: p00_neutral and p01_happy)" in caplog.text


def test_the_indexs_square_gives_the_crop_bit_for_bit(small_data):
    small_data.extract_aus()
    faces = small_data.crop()
    with PhotoZip(small_data.photos) as photos:
        for place, row in enumerate(faces.index.to_dict("records")):
            image = decode_image(photos.read(f"{row['id']}.png"), "x")
            square = (row["crop_x"], row["crop_y"], row["crop_side"])
            np.testing.assert_array_equal(crop_image(image, square, 32), faces.images[place])


def test_the_same_input_gives_the_same_bytes(small_data):
    small_data.extract_aus()
    small_data.crop()
    first = [small_data.path(name).read_bytes() for name in ("crops.npy", "crops.csv")]
    small_data.crop()
    assert first == [small_data.path(name).read_bytes() for name in ("crops.npy", "crops.csv")]


def test_the_array_file_is_numpys_own_form(small_data, tmp_path):
    small_data.extract_aus()
    np.save(tmp_path / "saved.npy", np.array(small_data.crop().images))
    assert small_data.path("crops.npy").read_bytes() == (tmp_path / "saved.npy").read_bytes()


def test_the_landmarks_of_the_index_are_those_of_the_photograph_carried_along(small_data):
    small_data.extract_aus()
    faces = small_data.crop()
    points = landmarks_of(pd.read_csv(small_data.path("faces.csv")))
    squares = faces.index[["crop_x", "crop_y", "crop_side"]].to_numpy()
    moved = [to_crop(landmarks, tuple(square), 32) for landmarks, square in zip(points, squares, strict=True)]
    np.testing.assert_array_equal(landmarks_of(faces.index), np.round(moved, 4))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"photos\.zip: photograph p01_happy\.png is missing"),
        (b"these are words", r"p01_happy\.png: not a readable image"),
        (encode_png(np.zeros((10, 12, 3), np.uint8)), r"p01_happy\.png: the image is 12x10 pixels, but .* 120x100"),
    ],
)
def test_a_bad_photograph_is_named_and_leaves_no_crops(content, message, small_data):
    small_data.extract_aus()
    replace_photo(small_data, "p01_happy.png", content)
    with pytest.raises(InputError, match=message):
        small_data.crop()
    assert not small_data.path("crops.npy").exists()
    assert not list(small_data.folder.glob(".*"))


def test_a_photograph_that_changed_is_named(small_data):
    small_data.extract_aus()
    manifest = read_manifest(small_data.manifest)
    manifest.loc[2, "sha256"] = "0" * 64
    write_manifest(small_data.manifest, manifest.to_dict("records"))
    with pytest.raises(InputError, match=r"p01_happy\.png: its SHA-256 is .*, but the manifest says 0000"):
        small_data.crop()


def test_a_face_that_the_manifest_lacks_is_named(small_data):
    small_data.extract_aus()
    small_data.path("faces.csv").write_text(small_data.path("faces.csv").read_text().replace("p01_happy", "stranger"))
    with pytest.raises(InputError, match="id stranger has a face but no line in the manifest"):
        small_data.crop()


def test_a_face_on_one_point_names_its_photograph(small_data):
    small_data.extract_aus()
    faces = pd.read_csv(small_data.path("faces.csv"))
    faces.loc[0, [name for name in faces if name.startswith(("x_", "y_"))]] = 7.0
    faces.to_csv(small_data.path("faces.csv"), index=False)
    with pytest.raises(InputError, match=r"p00_happy\.png: all 68 landmarks lie on one point"):
        small_data.crop()


def test_real_faces_lie_in_the_centre(london_mirror, repository):
    recorded = read_openface(repository / "resources" / "london" / "openface.csv")
    points = choose_face(recorded["001_08.jpg"], 0.5).landmarks
    photo = decode_image((london_mirror / "smiling_front" / "001_08.jpg").read_bytes(), "001_08.jpg")
    square = crop_square(points, margin=0.25)
    crop, moved = crop_image(photo, square, 128), to_crop(points, square, 128)
    assert np.abs((moved.min(axis=0) + moved.max(axis=0)) / 2 - 63.5).max() < 0.01
    eyes = crop[np.rint(moved[36:48, 1]).astype(int), np.rint(moved[36:48, 0]).astype(int)]
    # Eyelids are darker than the forehead between them and the brows' height.
    cheeks = crop[np.rint(moved[29, 1]).astype(int), [40, 88]]
    assert eyes.mean() < cheeks.mean()
