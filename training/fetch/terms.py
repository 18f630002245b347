"""Which images the paper's are, and on which terms they may be used."""

from pathlib import Path

COLLECTION = 66
"""The ISIC Archive's number of "Challenge 2018: Task 3: Training": HAM10000's 10,015 images."""

TERMS_FILE = "LICENCE.txt"

_TERMS = """\
The training images of ISIC 2018 Task 3 (the HAM10000 data set), from the ISIC Archive.

Licence: CC BY-NC 4.0, Creative Commons Attribution-NonCommercial 4.0 International,
https://creativecommons.org/licenses/by-nc/4.0/. Name the source; no commercial use.

Whoever publishes work with them cites:
  Tschandl, P., Rosendahl, C. & Kittler, H. (2018). The HAM10000 dataset, a large collection of
    multi-source dermatoscopic images of common pigmented skin lesions. Scientific Data 5, 180161.
    doi:10.1038/sdata.2018.161
  Codella, N. et al. (2019). Skin Lesion Analysis Toward Melanoma Detection 2018: A Challenge Hosted by
    the International Skin Imaging Collaboration (ISIC). arXiv:1902.03368
"""
_OTHER_TERMS = """\
Images of collection {collection} of the ISIC Archive.

Each image has its own licence and source: the columns copyright_license and attribution of metadata.csv.
Read them before you use or show the images, and cite what the collection's page asks for:
https://api.isic-archive.com/collections/{collection}/
"""


def terms(collection: int) -> str:
    """Licence and citation of a collection's images."""
    return _TERMS if collection == COLLECTION else _OTHER_TERMS.format(collection=collection)


def terms_with_texts(collection: int, licences: Path) -> str:
    """The terms, and below them the text of each licence in the client's folder ``licences``."""
    files = sorted(licences.glob("*.txt"))
    # The client writes them in whatever encoding the system's is.
    texts = [f"{file.stem}\n\n{file.read_text(errors='replace')}" for file in files]
    return f"\n{'-' * 80}\n".join([terms(collection), *texts])
