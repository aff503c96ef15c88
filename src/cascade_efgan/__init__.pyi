from cascade_efgan.editing.editor import EditedFace as EditedFace
from cascade_efgan.editing.editor import EditedPhoto as EditedPhoto
from cascade_efgan.editing.editor import Editor as Editor

__version__: str
