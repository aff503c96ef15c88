"""`results/index.html` of a finished run in a real browser, opened from the file system."""

import csv
import json
import re
from urllib.parse import unquote

import pytest
from chromium import chromium, needs_chromium, until
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def browser():
    """One for all tests here."""
    with chromium() as driver:
        yield driver


@pytest.fixture
def page(browser, finished_smoke):
    """The page, freshly opened; no test may leave an error in the console."""
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.get((finished_smoke / "results" / "index.html").as_uri())
    until(lambda: browser.execute_script("return document.documentElement.dataset.ready"))
    browser.execute_script("document.documentElement.style.scrollBehavior = 'auto'")
    yield browser
    assert browser.get_log("browser") == []


def trail(page):
    """The open dialog's text, None while it is shut."""
    dialog = page.find_element(By.ID, "trail")
    return dialog.text if dialog.get_attribute("open") is not None else None


def test_the_claims_stand_on_top_and_open_to_their_parts(page):
    """Elsewhere than in the paper's setting its numbers are not judged, and the page says so."""
    section = page.find_element(By.ID, "claims")
    assert "Not the paper's setting" in section.text
    first = section.find_element(By.CSS_SELECTOR, "details")
    assert "G of Cascade EF-GAN is higher" not in section.text
    first.find_element(By.TAG_NAME, "summary").click()
    assert "G of Cascade EF-GAN is higher than that of StarGAN" in first.text


def test_every_number_of_the_tables_opens_its_trail(page, finished_smoke):
    buttons = page.find_elements(By.CSS_SELECTOR, "[data-cell]")
    numbers = 0
    for path in (finished_smoke / "results").glob("*_table.csv"):
        with path.open(encoding="utf-8", newline="") as lines:
            numbers += sum(bool(line["value"]) for line in csv.DictReader(lines))
    assert len(buttons) == numbers > 40
    for button in buttons:
        page.execute_script("arguments[0].click()", button)
        text = trail(page)
        assert text and button.text in text
        for part in ("Full precision", "Images", "Seed", "Commit", "The chain, from the number back to raw data",
                     "efgan --log", "render", "Machine and package versions"):  # fmt: skip
            assert part in text, f"{button.get_attribute('data-cell')}: {part}"
        page.find_element(By.ID, "close").click()
        assert trail(page) is None


def test_a_trail_shows_weights_predictions_hashes_and_seed_that_are_the_files(page, finished_smoke):
    page.find_element(By.CSS_SELECTOR, "[data-cell='ablation.rendered.cascade_ef_gan.G']").click()
    text = trail(page)
    record = json.loads((finished_smoke / "results/provenance.json").read_text(encoding="utf-8"))
    weights = "results/rendered/seed0/cascade_ef_gan/weights.safetensors"
    assert record["files"][weights]["sha256"][:16] in text
    metric = json.loads((finished_smoke / "results/rendered/seed0/cascade_ef_gan/metrics/G.json").read_text())
    assert f"of the {metric['n']} images behind it" in text and f"{metric['value']:.6f}" in text
    right = len(page.find_elements(By.CSS_SELECTOR, "#trail .right-answer"))
    wrong = len(page.find_elements(By.CSS_SELECTOR, "#trail .wrong-answer"))
    assert right + wrong == len(page.find_elements(By.CSS_SELECTOR, "#trail .behind figure")) > 8
    page.find_element(By.CSS_SELECTOR, "#trail .steps li:nth-child(2) summary").click()
    assert "--weights" in trail(page)


def test_links_lead_to_files_and_parts_that_exist(page, finished_smoke):
    page.find_element(By.CSS_SELECTOR, "[data-cell='accuracy.rendered.stargan.R+G']").click()
    links = [link.get_attribute("href") for link in page.find_elements(By.CSS_SELECTOR, "a[href]:not(.node)")]
    base = (finished_smoke / "results").as_uri() + "/"
    files = {unquote(link.removeprefix(base)) for link in links if link.startswith(base) and "#" not in link}
    assert len(files) > 20 and any("R+G.json" in name for name in files)
    assert [name for name in files if not (finished_smoke / "results" / name).is_file()] == []
    for link in links:
        fragment = link.rpartition("#")[2] if "#" in link else ""
        assert not fragment or page.find_elements(By.ID, fragment), fragment
    assert all(link.startswith(base) for link in links)


def test_the_page_is_one_file_that_asks_for_no_other(page, finished_smoke):
    text = (finished_smoke / "results/index.html").read_text(encoding="utf-8")
    assert len(text) < 6e6
    asked = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    urls = {one["params"]["request"]["url"] for one in asked if one["method"] == "Network.requestWillBeSent"}
    assert {url.partition(":")[0] for url in urls} <= {"file", "data"}
    assert len([url for url in urls if url.startswith("file:")]) <= 1
    assert not page.execute_script(
        "return [...document.images].filter((one) => one.complete && !one.naturalWidth).length"
    )


def test_the_keyboard_is_enough(page):
    """Enter opens a number, the focus stays inside, Escape shuts and brings it back; arrows move the line."""
    button = page.find_element(By.CSS_SELECTOR, "[data-cell='quality.rendered.ganimation.psnr']")
    button.send_keys(Keys.ENTER)
    assert "GANimation: psnr" in trail(page)
    assert page.execute_script("return document.getElementById('trail').contains(document.activeElement)")
    page.switch_to.active_element.send_keys(Keys.TAB)
    assert page.execute_script("return document.getElementById('trail').contains(document.activeElement)")
    page.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert trail(page) is None
    assert page.switch_to.active_element == button
    node = page.find_element(By.CSS_SELECTOR, "[data-rule='train']")
    node.send_keys(Keys.ENTER)
    assert "4 jobs" in node.get_attribute("aria-label") and "seed0/baseline" in trail(page)
    page.switch_to.active_element.send_keys(Keys.ESCAPE)

    at = page.find_element(By.ID, "at")
    at.send_keys(Keys.ARROW_LEFT * 10)
    assert at.get_attribute("value") == "40"
    assert at.get_attribute("aria-valuetext") == "40 % Input, 60 % Cascade EF-GAN"
    assert page.execute_script("return getComputedStyle(document.getElementById('right')).clipPath").endswith("40%)")


def test_the_comparison_follows_input_target_and_method(page):
    left, right = page.find_element(By.ID, "left"), page.find_element(By.ID, "right")
    before = right.get_attribute("aria-label")
    page.find_elements(By.CSS_SELECTOR, "#targets input")[-1].send_keys(Keys.SPACE)
    assert right.get_attribute("aria-label") != before and right.get_attribute("aria-label").endswith("to surprised")
    page.find_element(By.CSS_SELECTOR, "#strip [data-method='true_edit']").click()
    assert right.get_attribute("aria-label").startswith("True edit")
    assert "of-true_edit" in right.get_attribute("class") and "of-input" in left.get_attribute("class")
    assert page.execute_script("return getComputedStyle(arguments[0]).backgroundImage", right).startswith('url("data:')


def test_it_can_be_read_aloud(page):
    """Names, heads and alternatives: what a screen reader says."""
    script = """
      const bad = [];
      for (const image of document.images) if (!image.alt) bad.push(image.outerHTML.slice(0, 80));
      for (const one of document.querySelectorAll("button, a[href], input, select")) {
        const name = one.getAttribute("aria-label") || one.textContent.trim() || one.querySelector("img")?.alt
          || one.labels?.[0]?.textContent.trim() || one.labels?.[0]?.querySelector("[aria-label]")?.ariaLabel;
        if (!name) bad.push(one.outerHTML.slice(0, 80));
      }
      for (const cell of document.querySelectorAll("main th")) if (!cell.scope) bad.push(cell.outerHTML);
      const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
      if (new Set(ids).size !== ids.length) bad.push("an id twice");
      return bad;"""
    assert page.execute_script(script) == []
    assert page.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
    assert page.find_element(By.CSS_SELECTOR, ".skip").get_attribute("href").endswith("#main")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_in_light_and_dark(page, scheme):
    feature = {"name": "prefers-color-scheme", "value": scheme}
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
    size = {"width": 360, "height": 740, "deviceScaleFactor": 1, "mobile": True}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    assert page.execute_script("return document.documentElement.scrollWidth") <= 360
    colours = page.execute_script(
        "const style = getComputedStyle(document.body); return [style.color, style.backgroundColor]"
    )
    ink, ground = ([int(part) for part in re.findall(r"\d+", colour)[:3]] for colour in colours)
    assert (sum(ink) > sum(ground)) == (scheme == "dark") and abs(sum(ink) - sum(ground)) > 500
    page.execute_script("document.querySelector('[data-cell]').click()")
    assert page.execute_script(
        "const one = document.getElementById('trail'); return one.scrollWidth <= one.clientWidth"
    )


def test_an_address_opens_a_trail(browser, page):
    browser.get(browser.current_url + "#ablation.rendered.ef_gan.G")
    browser.refresh()
    assert "Baseline + Local Focuses (EF-GAN): G" in until(lambda: trail(browser))
