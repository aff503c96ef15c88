"""The plan before a run: what a preset can decide, from its test people and another run's errors."""

from pathlib import Path

import pytest
from claims_helpers import run
from scipy.stats import norm

from cascade_efgan.claims.entries import Part
from cascade_efgan.claims.plan import Outlook, plan_markdown
from cascade_efgan.files import write_json
from cascade_efgan.stages import claims_plan

#: What another run measured: standard errors over 16 people, of R+G over 77 faces too.
MEASURED = """id,words,error,people,n
recognised,G of Cascade EF-GAN is higher than that of StarGAN,1,16,616
recognised,G of Cascade EF-GAN is higher than that of GANimation,1,16,616
local_focuses,G of Baseline + Local Focuses (EF-GAN) is higher than that of Baseline,2,16,616
quality,Fréchet distance of Cascade EF-GAN is lower than that of StarGAN,0.1,16,16
trains_classifiers,R+G of StarGAN is at most 1 point above R,3,16,77
trains_classifiers,R+G of GANimation is at most 1 point above R,0.3,16,77
"""


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    path = tmp_path / "measured.csv"
    path.write_text(MEASURED, encoding="utf-8")
    return path


def first_cells(text: str, heading: str) -> dict[str, list[str]]:
    """Rows of the table under a heading, by their first cell; the last of several."""
    lines = [line for line in text.partition(heading)[2].partition("\n#")[0].splitlines() if line.startswith("| ")]
    return {cells[0]: cells for line in lines if (cells := [cell.strip() for cell in line.strip("|").split("|")])}


def test_the_plan_says_what_a_preset_can_decide(tmp_path, measured) -> None:
    write_json(tmp_path / "run.json", run("rendered"))
    claims_plan.command(tmp_path / "run.json", measured, tmp_path / "plan.md")
    answers = {
        name: cells[-1] for name, cells in first_cells((tmp_path / "plan.md").read_text(encoding="utf-8"), "# ").items()
    }
    assert answers["Local focuses help"] == "only an effect larger than the paper's"
    assert answers["Cascade EF-GAN's edits are recognised better than StarGAN's and GANimation's"] == "yes"
    assert "2 further classifiers" in answers["Cascade EF-GAN's edits help to train classifiers, the others' do not"]
    assert "no: no wild images; run `snakemake" in answers["On wild images expressions change and the background stays"]
    wild = {**run("rendered"), "wild": {"london": {"test_people": 20, "test": 40}}}
    wild["settings"]["wild"] |= {"dataset": "london"}
    answer = first_cells(plan_markdown(wild, measured), "# ")[
        "On wild images expressions change and the background stays"
    ][-1]
    assert answer == "yes, if the effect is large enough"
    wild["settings"]["wild"] |= {"init_from": "rendered_baseline"}
    told = first_cells(plan_markdown(wild, measured), "# ")[
        "On wild images expressions change and the background stays"
    ]
    assert told[-1].startswith("no: Baseline, not Cascade EF-GAN, edits these images; run `snakemake")
    few = run("rendered")
    few["datasets"]["rendered"]["test_people"] = 3
    assert "no: 3 test people, the test needs 7" in plan_markdown(few, measured)
    assert "no: Baseline" in plan_markdown(
        run("rendered", methods=["stargan", "ganimation", "ef_gan", "cascade_ef_gan"]), measured
    )


def test_the_plan_compares_a_part_with_the_paper_s_own_effect_in_its_own_unit(measured) -> None:
    """Of R+G the effect itself and its bar; no distance of another network than the paper's; sizes of known errors."""
    context = run("rendered", measures={"classifiers": 2})
    context["datasets"]["rendered"] |= {"test_people": 64, "test": 308}
    parts = {cells[2]: cells[3:] for line in plan_markdown(context, measured).splitlines() if line.startswith("| ")
             and len(cells := [cell.strip() for cell in line.strip("|").split("|")]) == 6}  # fmt: skip
    reach = {tests: norm.ppf(1 - 0.05 / (2 * tests)) + norm.ppf(0.8) for tests in (2, 3, 4)}
    assert parts["G of Cascade EF-GAN is higher than that of StarGAN"] == [f"{reach[2] * 0.5:.2g} points", "1", "+7.01"]
    assert parts["R+G of StarGAN is at most 1 point above R"] == [f"{reach[3] * 1.5:.2g} points", "", "-3.73 (bar +1)"]
    context["datasets"]["rendered"] |= {"test": 40}  # all of 40 answers the same: 11 % of others may yet differ
    guarded = 100 * (1 - (0.05 / 6) ** (1 / 40))
    assert f"| {guarded:.2g} points" in plan_markdown(context, measured)
    assert parts["Fréchet distance of Cascade EF-GAN is lower than that of StarGAN"] == [
        f"{reach[4] * 0.05:.2g}",
        "",
        "",
    ]
    assert parts["PSNR of Cascade EF-GAN is higher than that of StarGAN"] == ["not known beforehand", "0.1", "+3.25"]
    reversed_gain = Outlook(Part("A is lower", (), more=False), shown=1.0, paper=2.0)
    assert reversed_gain.enough is False, "an effect of the other direction shows nothing of the claim"
    inception = plan_markdown(run("rendered", fid={"extractor": "inception"}), measured)
    assert "| -20.15" in inception
