"""The numbers that the paper prints (Wu et al., CVPR 2020), each a single run there."""

#: Tables 1 and 2 (Sec. 4.3): data set -> method -> metric -> value. R, G, R+G in percent, PSNR in dB.
COMPARISON: dict[str, dict[str, dict[str, float]]] = {
    "rafd": {
        "stargan": {"R": 92.21, "G": 82.37, "R+G": 88.48, "psnr": 19.82, "fid": 62.51},
        "ganimation": {"R": 92.21, "G": 84.36, "R+G": 92.31, "psnr": 22.06, "fid": 45.55},
        "cascade_ef_gan": {"R": 92.21, "G": 89.38, "R+G": 93.67, "psnr": 23.07, "fid": 42.36},
    },
    "cfeed": {
        "stargan": {"R": 88.23, "G": 77.80, "R+G": 81.87, "psnr": 20.11, "fid": 42.39},
        "ganimation": {"R": 88.23, "G": 79.46, "R+G": 84.42, "psnr": 20.43, "fid": 29.07},
        "cascade_ef_gan": {"R": 88.23, "G": 85.81, "R+G": 89.25, "psnr": 21.34, "fid": 27.15},
    },
}

#: Table 3 (Sec. 4.4), on RaFD.
ABLATION: dict[str, dict[str, dict[str, float]]] = {
    "rafd": {
        "baseline": {"G": 84.61, "R+G": 92.37},
        "ef_gan": {"G": 86.59, "R+G": 92.50},
        "baseline_cascade": {"G": 87.94, "R+G": 92.77},
        "cascade_ef_gan": {"G": 89.38, "R+G": 93.67},
    }
}

#: Table name -> numbers.
TABLES = {"accuracy": COMPARISON, "quality": COMPARISON, "ablation": ABLATION}


def paper_value(table: str, dataset: str, method: str, metric: str) -> float | None:
    """The paper's number of a cell; None where it prints none."""
    return TABLES.get(table, {}).get(dataset, {}).get(method, {}).get(metric)
