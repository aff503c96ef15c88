"""A table as Markdown, CSV and LaTeX."""

import csv
import io

from table_helpers import number, paper_run, run, table

from cascade_efgan import __version__
from cascade_efgan.tables.render import as_csv, latex, markdown

TABLE_2 = """# Table 2: quality of the edited images

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


def test_table_2_as_text() -> None:
    left_out = {"left_out": {"own_expression": 3, "no_counterpart": 5, "identical": 0}}
    context = run("rendered", methods=["stargan", "ef_gan", "cascade_ef_gan"], crop={"size": 64})
    made = {"extractor": "efficientnet_lite0", "features": 1280, "n_real": 288}
    text = markdown(
        table(
            "quality", context,
            number("psnr", "unchanged", 19.514, n=20, details=left_out),
            number("psnr", "cascade_ef_gan", 21.25, n=21, details=left_out),
            number("psnr", "true_edit", None, n=0, reason="no edit has a counterpart"),
            number("fid", "unchanged", 3.0, n=232, details=made),
            number("fid", "cascade_ef_gan", 12.345, n=232, details=made),
            number("psnr_true", "true_edit", None, n=0, reason="all edits are identical to it"),
            number("psnr_true", "cascade_ef_gan", 30.0, n=203),
        )
    )  # fmt: skip
    keys = {item.partition(":")[0].partition(".")[0] for item in context["differences"]} - {"datasets"}
    expected = TABLE_2.replace("SECTIONS", ", ".join(sorted(keys))).replace("VERSION", __version__)
    assert text.partition("\n- **")[0] == expected
    assert "Images behind each number, Rendered faces: PSNR 20 to 21, Fréchet distance (EfficientNet-Lite0) 232" in text
    assert "Edits left out of PSNR, Rendered faces: 3 to the source's own expression, 5 without a counterpart." in text
    assert "1280 features but only 232 images" in text and "FID" not in text


def test_markdown_lines_up_and_latex_is_escaped_and_balanced_with_several_seeds() -> None:
    seeds = number("G", "stargan", 80.0, 0), number("G", "stargan", 84.0, 7), number("R", "real", 100.0)
    built = table("accuracy", run("rendered", "rafd", seeds=[0, 7]), *seeds)
    text = markdown(built)
    assert "82.00 ± 2.83" in text
    assert "Seeds 0, 7: cells are the mean over 2 runs ± the sample standard deviation." in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({tuple(place for place, sign in enumerate(f"{line}\n") if sign in "|\n") for line in rows}) == 1
    marks = {word for line in rows for word in line.split() if word.startswith("[")}
    assert marks == {line.split()[0] for line in text.splitlines() if line.startswith("[")}

    text = latex(built)
    assert r"82.00 $\pm$ 2.83" in text and r"G $\uparrow$ (\%)" in text
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == text.count(r"\toprule") == 1
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len({line.replace(r"\&", "").count("&") for line in rows}) == 1
    assert text.count("{") == text.count("}")
    assert not any(sign in text.replace(r"\%", "").replace(r"\_", "") for sign in "±↑↓%_")


def test_csv_has_a_line_per_number_in_full_precision() -> None:
    for dataset, expected in (
        ("rafd", ("81.234567", "0", "232", "82.370000", "-1.135433", "")),
        ("rendered", ("", "", "", "82.370000", "", "this run has not computed it")),  # of another data set
    ):
        built = table("accuracy", paper_run("rafd"), number("G", "stargan", 81.234567, n=232, dataset=dataset))
        lines = list(csv.DictReader(io.StringIO(as_csv(built))))
        assert len(lines) == len(built.rows) * len(built.columns)
        line = next(line for line in lines if (line["method"], line["column"]) == ("stargan", "G"))
        keys = ("value", "seeds", "n_min", "paper", "difference", "missing_because")
        assert tuple(line[key] for key in keys) == expected
