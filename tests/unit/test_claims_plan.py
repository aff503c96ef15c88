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


def cells(text: str, heading: str, key: int) -> dict[str, list[str]]:
    """Cells of the rows of the table under a heading, by one of them; the last of several."""
    part = text.partition(heading)[2].partition("\n#")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines() if line.startswith("| ")
    ]
    return {row[key]: row for row in rows}


RECOGNISED = "Cascade EF-GAN's edits are recognised better than StarGAN's and GANimation's"
HELPS = "Cascade EF-GAN's edits help to train classifiers, the others' do not"
WILD = "On wild images expressions change and the background stays"


def wild_run(**wild) -> dict:
    found = {**run("rendered"), "wild": {"london": {"test_people": 20, "test": 40}}}
    found["settings"]["wild"] |= {"dataset": "london", **wild}
    return found


def few_people() -> dict:
    few = run("rendered")
    few["datasets"]["rendered"]["test_people"] = 3
    return few


@pytest.mark.parametrize(("context", "claim", "answer"), [
    (run("rendered"), "Local focuses help", "only an effect larger than the paper's"),
    (run("rendered"), RECOGNISED, "yes"),
    (run("rendered"), HELPS, "no: it takes 2 further classifiers or more; run `snakemake"),
    (run("rendered"), WILD, "no: no wild images; run `snakemake"),
    (wild_run(), WILD, "yes, if the effect is large enough"),
    (wild_run(init_from="rendered_baseline"), WILD, "no: Baseline, not Cascade EF-GAN, edits these images; run `snake"),
    (few_people(), RECOGNISED, "no: 3 test people, the test needs 7"),
    (run("rendered", methods=["stargan", "ganimation", "ef_gan", "cascade_ef_gan"]), "Local focuses help",
     "no: Baseline, Baseline + Cascade not trained"),
])  # fmt: skip
def test_the_plan_says_what_a_preset_can_decide(tmp_path, measured, context, claim: str, answer: str) -> None:
    write_json(tmp_path / "run.json", context)
    claims_plan.command(tmp_path / "run.json", measured, tmp_path / "plan.md")
    found = cells((tmp_path / "plan.md").read_text(encoding="utf-8"), "# ", 0)[claim][-1]
    assert found == answer if answer.startswith(("yes", "only")) else found.startswith(answer)


def test_the_plan_compares_a_part_with_the_paper_s_own_effect_in_its_own_unit(measured) -> None:
    """Of R+G the effect itself and its bar; no distance of another network than the paper's; sizes of known errors."""
    context = run("rendered", measures={"classifiers": 2})
    context["datasets"]["rendered"] |= {"test_people": 64, "test": 308}
    parts = {part: row[3:] for part, row in cells(plan_markdown(context, measured), "## By part", 2).items()}
    reach = {tests: norm.ppf(1 - 0.05 / (2 * tests)) + norm.ppf(0.8) for tests in (2, 3, 4)}
    assert parts["G of Cascade EF-GAN is higher than that of StarGAN"] == [f"{reach[2] * 0.5:.2g} points", "1", "+7.01"]
    assert parts["R+G of StarGAN is at most 1 point above R"] == [f"{reach[3] * 1.5:.2g} points", "", "-3.73 (bar +1)"]
    assert parts["Fréchet distance of Cascade EF-GAN is lower than that of StarGAN"] == [
        f"{reach[4] * 0.05:.2g}",
        "",
        "",
    ]
    assert parts["PSNR of Cascade EF-GAN is higher than that of StarGAN"] == ["not known beforehand", "0.1", "+3.25"]
    context["datasets"]["rendered"] |= {"test": 40}  # all of 40 answers the same: 11 % of others may yet differ
    assert f"| {100 * (1 - (0.05 / 6) ** (1 / 40)):.2g} points" in plan_markdown(context, measured)
    reversed_gain = Outlook(Part("A is lower", (), more=False), shown=1.0, paper=2.0)
    assert reversed_gain.enough is False, "an effect of the other direction shows nothing of the claim"
    assert "| -20.15" in plan_markdown(run("rendered", fid={"extractor": "inception"}), measured)
