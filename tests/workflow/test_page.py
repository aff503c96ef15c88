"""`results/index.html` of a finished run in a real browser, opened from the file system."""

import json
import re
from urllib.parse import unquote

import pandas as pd
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


def one(page, css):
    """The first element that a CSS selector finds."""
    return page.find_element(By.CSS_SELECTOR, css)


def every(page, css):
    """All that it finds."""
    return page.find_elements(By.CSS_SELECTOR, css)


def trail(page):
    """The open dialog's text, None while it is shut."""
    return one(page, "#trail").text if every(page, "#trail[open]") else None


def test_the_claims_stand_on_top_and_open_to_their_parts(page):
    """Elsewhere than in the paper's setting its numbers are not judged, and the page says so."""
    section = one(page, "#claims")
    assert "Not the paper's setting" in section.text and "G of Cascade EF-GAN is higher" not in section.text
    one(section, "details summary").click()
    assert "G of Cascade EF-GAN is higher than that of StarGAN" in one(section, "details").text


def test_every_number_of_the_tables_opens_its_trail(page, finished_smoke):
    buttons = every(page, "[data-cell]")
    numbers = sum(
        int(pd.read_csv(path)["value"].notna().sum()) for path in (finished_smoke / "results").glob("*_table.csv")
    )
    assert len(buttons) == numbers > 40
    for button in buttons:
        page.execute_script("arguments[0].click()", button)
        text = trail(page)
        assert text and button.text in text
        for part in ("Full precision", "Images", "Seed", "Commit", "The chain, from the number back to raw data",
                     "efgan --log", "render", "Machine and package versions"):  # fmt: skip
            assert part in text, f"{button.get_attribute('data-cell')}: {part}"
        one(page, "#close").click()
        assert trail(page) is None


def test_a_trail_shows_weights_predictions_hashes_and_seed_that_are_the_files(page, finished_smoke):
    one(page, "[data-cell='ablation.rendered.cascade_ef_gan.G']").click()
    text = trail(page)
    folder = "results/rendered/seed0/cascade_ef_gan"
    record, metric = (json.loads((finished_smoke / name).read_text(encoding="utf-8"))
                      for name in ("results/provenance.json", f"{folder}/metrics/G.json"))  # fmt: skip
    assert record["files"][f"{folder}/weights.safetensors"]["sha256"][:16] in text
    assert f"of the {metric['n']} images behind it" in text and f"{metric['value']:.6f}" in text
    answers = every(page, "#trail .right-answer, #trail .wrong-answer")
    assert len(answers) == len(every(page, "#trail .behind figure")) > 8
    one(page, "#trail .steps li:nth-child(2) summary").click()
    assert "--weights" in trail(page)


def test_links_lead_to_files_and_parts_that_exist_and_the_page_asks_for_no_other(page, finished_smoke):
    one(page, "[data-cell='accuracy.rendered.stargan.R+G']").click()
    results = finished_smoke / "results"
    links = [link.get_attribute("href") for link in every(page, "a[href]:not(.node)")]
    assert all(link.startswith(results.as_uri() + "/") for link in links)
    places = [unquote(link.removeprefix(results.as_uri() + "/")).partition("#") for link in links]
    files = {name for name, mark, _ in places if not mark}
    assert len(files) > 20 and any("R+G.json" in name for name in files)
    assert [name for name in files if not (results / name).is_file()] == []
    assert [part for *_, part in places if part and not page.find_elements(By.ID, part)] == []

    assert (results / "index.html").stat().st_size < 6e6
    asked = [json.loads(entry["message"])["message"] for entry in page.get_log("performance")]
    urls = {event["params"]["request"]["url"] for event in asked if event["method"] == "Network.requestWillBeSent"}
    assert {url.partition(":")[0] for url in urls} <= {"file", "data"}
    assert len([url for url in urls if url.startswith("file:")]) <= 1
    assert not page.execute_script(
        "return [...document.images].filter((one) => one.complete && !one.naturalWidth).length"
    )


def test_the_keyboard_is_enough(page):
    """Enter opens a number, the focus stays inside, Escape shuts and brings it back; arrows move the line."""
    inside = "return document.getElementById('trail').contains(document.activeElement)"
    button = one(page, "[data-cell='quality.rendered.ganimation.psnr']")
    button.send_keys(Keys.ENTER)
    assert "GANimation: psnr" in trail(page) and page.execute_script(inside)
    page.switch_to.active_element.send_keys(Keys.TAB)
    assert page.execute_script(inside)
    page.switch_to.active_element.send_keys(Keys.ESCAPE)
    assert trail(page) is None and page.switch_to.active_element == button
    node = one(page, "[data-rule='train']")
    node.send_keys(Keys.ENTER)
    assert "4 jobs" in node.get_attribute("aria-label") and "seed0/baseline" in trail(page)
    page.switch_to.active_element.send_keys(Keys.ESCAPE)

    at = one(page, "#at")
    at.send_keys(Keys.ARROW_LEFT * 10)
    assert at.get_attribute("value") == "40"
    assert at.get_attribute("aria-valuetext") == "40 % Input, 60 % Cascade EF-GAN"
    assert page.execute_script("return getComputedStyle(document.getElementById('right')).clipPath").endswith("40%)")


def test_the_comparison_follows_input_target_and_method(page):
    left, right = one(page, "#left"), one(page, "#right")
    before = right.get_attribute("aria-label")
    every(page, "#targets input")[-1].send_keys(Keys.SPACE)
    assert right.get_attribute("aria-label") != before and right.get_attribute("aria-label").endswith("to surprised")
    one(page, "#strip [data-method='true_edit']").click()
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
    assert one(page, "html").get_attribute("lang") == "en"
    assert one(page, ".skip").get_attribute("href").endswith("#main")


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
    ink, ground = (sum(int(part) for part in re.findall(r"\d+", colour)[:3]) for colour in colours)
    assert (ink > ground) == (scheme == "dark") and abs(ink - ground) > 500
    page.execute_script("document.querySelector('[data-cell]').click()")
    assert page.execute_script(
        "const one = document.getElementById('trail'); return one.scrollWidth <= one.clientWidth"
    )


def test_an_address_opens_a_trail(browser, page):
    browser.get(browser.current_url + "#ablation.rendered.ef_gan.G")
    browser.refresh()
    assert "Baseline + Local Focuses (EF-GAN): G" in until(lambda: trail(browser))
