"""The page of `efgan app` in a browser: what a visitor does with it, and what it shows."""

import base64
import json
from contextlib import contextmanager

from chromium import until
from selenium.webdriver.common.by import By

from cascade_efgan.data.images import decode_image


def by_id(page, name):
    return page.find_element(By.ID, name)


def upload(page, tmp_path, data, name="me.png"):
    file = tmp_path / name
    file.write_bytes(data)
    by_id(page, "file").send_keys(str(file))


def open_photograph(page, tmp_path, data):
    upload(page, tmp_path, data)
    until(lambda: shown(page) >= 1)
    settle(page)


def shown(page):
    return int(by_id(page, "stage").get_attribute("data-shown") or 0)


def settle(page):
    until(lambda: not by_id(page, "busy").is_displayed())


@contextmanager
def redrawn(page):
    """A block that changes the picture; it ends when the new one is shown."""
    before = shown(page)
    yield
    until(lambda: shown(page) > before)
    settle(page)


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
    """What the browser complained about, and requests that left this machine."""
    noise = [entry["message"] for entry in page.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    for entry in page.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            address = message["params"]["request"]["url"]
            if not address.startswith(("http://127.0.0.1:", "blob:http://127.0.0.1:", "data:")):
                noise.append(address)
    return noise
