"""The stages: commands of `efgan`, each in `cascade_efgan/stages/NAME.py` as the function `command`."""

#: Stages that compute numbers, pictures' pixels and tables from weights and crops: `efgan audit --recompute` runs them
#: again. A record may come from anyone: no other command of it is run.
DERIVED = (
    "generate", "accuracy", "similarity", "features", "fid", "kid", "identity", "identity_of_pairs", "au_error",
    "compare", "describe_run", "table", "claims",
)  # fmt: skip

#: All of them, in pipeline order.
STAGES = (
    "download", "prepare_openface_chunk", "extract_aus", "crop", "au_report", "contact_sheet", "split",
    "patch_centers", "train", "combine", "classify", "fetch_weights", "regress_aus", *DERIVED, "photograph_aus",
    "fid_curve", "claim_values", "classify_again", "wild_values", "claims_plan", "sensitivity", "metrics", "curves",
    "draw_edits", "draw_networks", "draw_wild", "draw_curves", "draw_scores", "draw_aus", "edit", "export",
    "publish_weights", "app", "check_artifacts", "provenance", "audit", "page", "crate", "config",
)  # fmt: skip
