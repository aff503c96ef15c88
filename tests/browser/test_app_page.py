"""The page of `efgan app` in a real browser: a photograph goes in, AU12 moves, and the edit is downloaded."""

import base64
import io
import json
import threading
import zipfile
from contextlib import contextmanager
from urllib.request import urlopen

import numpy as np
import pytest
from chromium import chromium, needs_chromium, until
from fake_engine import FakeEngine, a_zip, edited, photograph
from PIL import Image
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from cascade_efgan.app.limits import Limits
from cascade_efgan.app.server import make_server
from cascade_efgan.data import AUS
from cascade_efgan.data.photo_files.images import decode_image

pytestmark = needs_chromium

ONE, TWO = photograph(256, 256), photograph(256, 512)


@pytest.fixture(scope="module")
def address():
    """A running service on a free port of this machine."""
    server = make_server(FakeEngine(), Limits(sessions=1), "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def page(address, tmp_path):
    """The page in a fresh headless Chromium that saves downloads in `tmp_path/downloads`."""
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    camera = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
    with chromium(*camera, downloads=downloads) as driver:
        driver.downloads = downloads
        driver.get(address)
        until(lambda: driver.execute_script("return document.documentElement.dataset.ready"))
        yield driver
        assert problems(driver) == []


def by_id(page, name):
    return page.find_element(By.ID, name)


def upload(page, data, field="file"):
    file = page.downloads.with_name("upload")
    file.write_bytes(data)
    by_id(page, field).send_keys(str(file))


@contextmanager
def redrawn(page):
    """A block that changes the picture; it ends when the new one is shown."""

    def shown():
        return int(by_id(page, "stage").get_attribute("data-shown") or 0)

    before = shown()
    yield
    until(lambda: shown() > before)
    until(lambda: not by_id(page, "busy").is_displayed())


def open_photograph(page, data):
    with redrawn(page):
        upload(page, data)


def after(page):
    """The picture after the edit, as the page shows it."""
    script = "return document.getElementById('after').toDataURL('image/png').split(',')[1]"
    return decode_image(base64.b64decode(page.execute_script(script)), "canvas").astype(int)


def move(page, name, value):
    """Move a slider as a hand does: the value changes, and the page is notified."""
    script = "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))"
    with redrawn(page):
        page.execute_script(script, by_id(page, name), value)


def downloaded(page, name):
    file = page.downloads / name
    until(lambda: file.exists() and not list(page.downloads.glob("*.crdownload")))
    return file.read_bytes()


def problems(page):
    """What the browser complained about but refused files, and requests that left this machine."""
    noise = [entry["message"] for entry in page.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    noise = [message for message in noise if "status of 422" not in message and "status of 404" not in message]
    for entry in page.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            address = message["params"]["request"]["url"]
            if not address.startswith(("http://127.0.0.1:", "blob:http://127.0.0.1:", "data:")):
                noise.append(address)
    return noise


def test_a_photograph_is_edited_with_a_slider_and_downloaded(page):
    open_photograph(page, ONE)
    as_it_is = after(page)
    move(page, "AU12", 4.5)
    assert (after(page) - as_it_is).mean() == pytest.approx(40, abs=1)  # ten grey levels for each unit from 0.5
    assert by_id(page, "AU12").find_element(By.XPATH, "../..").find_element(By.TAG_NAME, "output").text == "4.5"
    assert len(page.find_elements(By.CSS_SELECTOR, "#steps-row .thumb")) == FakeEngine.steps

    by_id(page, "download").click()
    got = decode_image(downloaded(page, "edited.png"), "download")
    target = np.full(17, 0.5)
    target[AUS.index("AU12")] = 4.5
    np.testing.assert_array_equal(got, edited(decode_image(ONE, "upload"), target))

    by_id(page, "gif").click()
    with Image.open(io.BytesIO(downloaded(page, "expression.gif"))) as gif:
        assert gif.format == "GIF" and gif.n_frames == 2


def test_expression_buttons_intensity_and_the_way_back(page):
    open_photograph(page, ONE)
    as_it_is = after(page)
    button = next(one for one in page.find_elements(By.CSS_SELECTOR, "#expressions button") if one.text == "Surprised")
    with redrawn(page):
        button.click()
    assert button.get_attribute("aria-pressed") == "true"
    full = np.abs(after(page) - as_it_is).mean()
    move(page, "intensity", 50)
    half = np.abs(after(page) - as_it_is).mean()
    assert 0 < half < full
    with redrawn(page):
        by_id(page, "reset").click()
    np.testing.assert_array_equal(after(page), as_it_is)
    assert by_id(page, "intensity-value").text == "100 %"


def test_the_steps_and_the_attention_overlay_are_shown(page):
    open_photograph(page, ONE)
    move(page, "AU26", 5)
    last = after(page)
    steps = page.find_elements(By.CSS_SELECTOR, "#steps-row .thumb")
    steps[0].click()
    first = after(page)
    assert (first != last).any()
    steps[-1].click()
    by_id(page, "attention").click()
    overlaid = after(page)
    bluer = (overlaid - last)[..., 2] - (overlaid - last)[..., 0]
    assert bluer.max() > 50 and by_id(page, "attention-help").is_displayed()
    by_id(page, "attention").click()
    assert not by_id(page, "network-help").is_displayed()
    by_id(page, "network").click()
    coarse = after(page)  # the crop of half the side, enlarged to the same size
    assert coarse.shape == last.shape and 0.5 < np.abs(coarse - last).mean() < 20
    assert by_id(page, "network-help").is_displayed()


def test_each_of_two_faces_is_chosen_and_both_are_in_the_whole_photograph(page):
    open_photograph(page, TWO)
    move(page, "AU12", 5)
    first = after(page)
    with redrawn(page):
        page.find_elements(By.CSS_SELECTOR, "#faces-row .thumb")[1].click()
    assert (after(page) != first).any()
    assert float(by_id(page, "AU12").get_property("value")) < 1  # each face has settings of its own
    move(page, "AU04", 5)
    with redrawn(page):
        page.find_element(By.CSS_SELECTOR, "input[value=photograph]").find_element(By.XPATH, "..").click()
    whole = np.asarray(Image.fromarray(after(page).astype(np.uint8)).resize((512, 256))).astype(int)
    left, right = np.hsplit(whole - decode_image(TWO, "x") // 2, 2)
    assert (left.mean(), right.mean()) == pytest.approx((60, 60), abs=2)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a readable image"),
        (bytes(Limits().upload_bytes + 1), "choose one of at most 20 MB"),  # never leaves the page
    ],
)
def test_a_bad_file_is_refused_with_one_sentence(page, data, words):
    upload(page, data)
    message = by_id(page, "message")
    until(message.is_displayed)
    assert words in message.text and message.text.endswith(".")
    assert message.get_attribute("role") == "alert"
    assert by_id(page, "start").is_displayed() and not by_id(page, "work").is_displayed()
    # The page is not stuck: a good file works, and the sentence goes away.
    open_photograph(page, ONE)
    assert not message.is_displayed()


def test_the_page_works_with_the_keyboard_alone(page):
    open_photograph(page, ONE)
    names = set()
    for _ in range(60):
        page.switch_to.active_element.send_keys(Keys.TAB)
        names.add(page.switch_to.active_element.get_attribute("id"))
        if page.switch_to.active_element.get_attribute("id") == "AU12":
            break
    assert {"wipe", "attention", "download", "gif", "intensity", "AU01", "AU12"} <= names
    with redrawn(page):
        page.switch_to.active_element.send_keys(Keys.END)
    assert page.switch_to.active_element.get_property("value") == "5"
    until(lambda: by_id(page, "status").text or by_id(page, "status").get_attribute("textContent"))


def test_every_control_has_a_name_and_every_slider_its_help(page):
    open_photograph(page, TWO)
    controls = page.find_elements(By.CSS_SELECTOR, "input, button, select, canvas[role], video, progress")
    assert len(controls) > 40
    assert [one.get_attribute("outerHTML") for one in controls if one.is_displayed() and not one.accessible_name] == []
    for au in AUS:
        described = by_id(page, au).get_attribute("aria-describedby")
        assert by_id(page, described).text.startswith(au)
        assert ("Not measured" in by_id(page, described).text) == (au == "AU04")


def test_the_camera_gives_a_photograph(page):
    by_id(page, "camera-open").click()
    until(by_id(page, "camera-take").is_displayed)
    until(lambda: page.execute_script("return document.getElementById('video').videoWidth"))
    by_id(page, "camera-take").click()
    # Chromium's pretended camera shows no face that the engine knows: it answers all the same.
    until(lambda: by_id(page, "work").is_displayed() or by_id(page, "message").is_displayed())
    assert not by_id(page, "camera").is_displayed()


def test_a_zip_of_photographs_comes_back_edited(page):
    by_id(page, "batch-choose").click()
    upload(page, a_zip(ONE, b"no picture"), "batch-file")
    with zipfile.ZipFile(io.BytesIO(downloaded(page, "edited.zip"))) as archive:
        assert archive.namelist() == ["0001.png", "report.csv"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_the_page_without_scrolling_sideways(page, scheme):
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    )
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    open_photograph(page, TWO)
    assert page.execute_script("return document.documentElement.scrollWidth") <= 360
    by_id(page, "AU12").send_keys(Keys.ARROW_RIGHT)  # scrolls it into view
    assert page.execute_script("return document.getElementById('stage').getBoundingClientRect().bottom") > 100
    brightness = page.execute_script(
        "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
    )
    assert (np.mean(brightness[:3]) < 60) == (scheme == "dark")


def test_a_photograph_that_was_forgotten_is_said_so(page, address):
    open_photograph(page, ONE)
    urlopen(f"{address}api/photos", ONE).close()  # another one, and there is room for one
    by_id(page, "AU12").send_keys(Keys.END)
    until(by_id(page, "message").is_displayed)
    assert "choose it again" in by_id(page, "message").text
    assert by_id(page, "start").is_displayed()
