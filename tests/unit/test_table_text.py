"""A table as Markdown, CSV and LaTeX."""

import csv
import io

from table_helpers import number, paper_run, run, sorted_metrics

from cascade_efgan import __version__
from cascade_efgan.tables.build import build_table
from cascade_efgan.tables.render import as_csv, latex, markdown


def test_table_2_as_text() -> None:
    left_out = {"left_out": {"own_expression": 3, "no_counterpart": 5, "identical": 0}}
    context = run("rendered", methods=["stargan", "ef_gan", "cascade_ef_gan"], crop={"size": 64})
    made = {"extractor": "efficientnet_lite0", "features": 1280, "n_real": 288}
    metrics = sorted_metrics(
        number("psnr", "unchanged", 19.514, n=20, details=left_out),
        number("psnr", "cascade_ef_gan", 21.25, n=21, details=left_out),
        number("psnr", "true_edit", None, n=0, reason="no edit has a counterpart"),
        number("fid", "unchanged", 3.0, n=232, details=made),
        number("fid", "cascade_ef_gan", 12.345, n=232, details=made),
        number("psnr_true", "true_edit", None, n=0, reason="all edits are identical to it"),
        number("psnr_true", "cascade_ef_gan", 30.0, n=203),
    )
    text = markdown(build_table("quality", context, metrics))
    expected = """# Table 2: quality of the edited images

Preset laptop, version VERSION. Not the paper's setting: Rendered faces instead of RaFD and CFEED; other values than \
the paper's in SECTIONS (run.json lists every difference).  
Rendered faces: 288 images of 12 people, 2 expressions; split by image: 259 training and 29 test images (11 of the 11 \
test people also in training images); 2 photographs excluded for want of a usable face.  
Seed 0: every cell is a single run.

| Data set       | Method          | PSNR ↑ (dB) | Fréchet distance (EfficientNet-Lite0) ↓ | PSNR to true edit ↑ (dB) |
| -------------- | --------------- | ----------: | --------------------------------------: | -----------------------: |
| Rendered faces | Input unchanged |       19.51 |                                    3.00 |                      [1] |
| Rendered faces | StarGAN         |         [1] |                                     [1] |                      [1] |
| Rendered faces | Cascade EF-GAN  |       21.25 |                                   12.35 |                    30.00 |
| Rendered faces | True edit       |         [2] |                                     [1] |                      [3] |

[1] This run has not computed it.

[2] No edit has a counterpart.

[3] All edits are identical to it.
"""  # noqa: W291
    sections = ", ".join(
        sorted({item.partition(":")[0].partition(".")[0] for item in context["differences"]} - {"datasets"})
    )
    assert text.partition("\n- **")[0] == expected.replace("SECTIONS", sections).replace("VERSION", __version__)
    assert "Images behind each number, Rendered faces: PSNR 20 to 21, Fréchet distance (EfficientNet-Lite0) 232" in text
    assert "Edits left out of PSNR, Rendered faces: 3 to the source's own expression, 5 without a counterpart." in text
    assert "1280 features but only 232 images" in text
    assert "FID" not in text


def test_several_seeds_show_mean_and_deviation() -> None:
    metrics = sorted_metrics(number("G", "stargan", 80.0, 0), number("G", "stargan", 84.0, 7))
    text = markdown(build_table("accuracy", run("rendered", seeds=[0, 7]), metrics))
    assert "82.00 ± 2.83" in text
    assert "Seeds 0, 7: cells are the mean over 2 runs ± the sample standard deviation." in text


def test_markdown_lines_up_and_every_mark_has_its_footnote() -> None:
    metrics = sorted_metrics(number("G", "stargan", 80.0), number("R", "real", 100.0))
    text = markdown(build_table("accuracy", run("rendered"), metrics))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(line) for line in rows}) == 1
    assert len({tuple(place for place, sign in enumerate(line) if sign == "|") for line in rows}) == 1
    marks = {word for line in rows for word in line.split() if word.startswith("[")}
    assert marks == {line.split()[0] for line in text.splitlines() if line.startswith("[")}


def test_csv_has_a_line_per_number_in_full_precision() -> None:
    metrics = sorted_metrics(number("G", "stargan", 81.234567, n=232))
    built = build_table("accuracy", paper_run("rafd"), metrics)
    lines = list(csv.DictReader(io.StringIO(as_csv(built))))
    assert len(lines) == len(built.rows) * len(built.columns)
    line = next(line for line in lines if line["method"] == "stargan" and line["column"] == "G")
    assert line["value"] == ""  # the metric was made on another data set
    metrics = sorted_metrics(number("G", "stargan", 81.234567, n=232, dataset="rafd"))
    lines = list(csv.DictReader(io.StringIO(as_csv(build_table("accuracy", paper_run("rafd"), metrics)))))
    line = next(line for line in lines if line["method"] == "stargan" and line["column"] == "G")
    assert (line["value"], line["seeds"], line["n_min"], line["paper"]) == ("81.234567", "0", "232", "82.370000")
    assert (line["difference"], line["missing_because"]) == ("-1.135433", "")


def test_latex_is_escaped_and_balanced() -> None:
    metrics = sorted_metrics(number("G", "stargan", 80.0, 0), number("G", "stargan", 84.0, 1))
    text = latex(build_table("accuracy", run("rendered", "rafd", seeds=[0, 1]), metrics))
    assert r"82.00 $\pm$ 2.83" in text
    assert r"G $\uparrow$ (\%)" in text
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == text.count(r"\toprule") == 1
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len({line.replace(r"\&", "").count("&") for line in rows}) == 1
    assert not any(sign in text for sign in "±↑↓")
    assert text.count("{") == text.count("}")
    plain = text.replace(r"\%", "").replace(r"\_", "")
    assert "%" not in plain
    assert "_" not in plain
