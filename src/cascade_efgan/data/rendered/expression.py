"""What a face does: where it looks, and AU prototypes of the expressions."""

GAZES = ("left", "frontal", "right")

#: AU intensities (0..5) of the eight expressions.
#: Source: EMFACS (Ekman and Friesen) as RaFD's models were coached (Langner et al. 2010), within OpenFace's
#: seventeen AUs: AU24 of anger is shown by AU23, and RaFD's unilateral contempt by AU14 with a little AU12.
PROTOTYPES: dict[str, dict[str, float]] = {
    "angry": {"AU04": 3.9, "AU05": 2.4, "AU07": 2.8, "AU23": 3.6, "AU17": 1.3, "AU10": 0.5},
    "contemptuous": {"AU14": 4.4, "AU12": 1.3, "AU07": 1.3},
    "disgusted": {"AU09": 3.8, "AU10": 3.4, "AU04": 1.4, "AU07": 1.8, "AU17": 1.2, "AU25": 1.2, "AU06": 0.8},
    "fearful": {"AU01": 3.6, "AU02": 2.2, "AU04": 2.2, "AU05": 3.7, "AU20": 3.3, "AU25": 2.7, "AU26": 1.0},
    "happy": {"AU06": 3.4, "AU12": 4.1, "AU25": 3.0, "AU07": 0.5, "AU26": 0.4},
    "neutral": {},
    "sad": {"AU01": 3.6, "AU04": 2.5, "AU15": 3.7, "AU17": 2.0, "AU07": 0.6},
    "surprised": {"AU01": 3.8, "AU02": 3.9, "AU05": 3.3, "AU25": 3.0, "AU26": 3.7},
}
