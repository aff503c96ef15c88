"""Data sets: manifests, OpenFace output, crops, splits and patch centres."""

#: RaFD's eight expressions, in alphabetical order: the class index of every classifier and one-hot label.
EXPRESSIONS = ("angry", "contemptuous", "disgusted", "fearful", "happy", "neutral", "sad", "surprised")

#: Expression of a wild photograph that nobody labelled: it can train an editor and be edited, but not be classified.
UNKNOWN = "unknown"

#: OpenFace's seventeen AU intensities, in its own order: the column order of every `(N, 17)` array.
AUS = ("AU01", "AU02", "AU04", "AU05", "AU06", "AU07", "AU09", "AU10", "AU12",
       "AU14", "AU15", "AU17", "AU20", "AU23", "AU25", "AU26", "AU45")  # fmt: skip

#: Largest AU intensity of OpenFace; networks see intensities divided by it (as GANimation does).
AU_MAX = 5.0

#: Points of the 68-point scheme that belong to each local focus (eyes 36-47, nose 27-35, mouth 48-67).
#: Not in the paper: it names no points; these are the standard groups without the brows.
REGION_POINTS = {"eyes": range(36, 48), "nose": range(27, 36), "mouth": range(48, 68)}
REGIONS = tuple(REGION_POINTS)
