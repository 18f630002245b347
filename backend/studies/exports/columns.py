"""The columns of every export, described once: formats, codebook and documentation take them from here."""

from backend.studies.exports.sheets import Column

RATER = Column("rater", "text", "The rater's pseudonym.")
GROUP = Column("group", "text", "Her group, such as `ED` or `DLE`.")
IMAGE = Column("image", "text", "The image's id in its mix.")
TRUTH = Column("truth", "text", "`real` or `fake`.")
SOURCE = Column(
    "source",
    "text",
    "`real`, or the family of the generator; in a study of several mixes that has several generators of a "
    "family, with the first eight digits of the generator's digest.",
)
POSITION = Column("position", "whole", "Place in this rater's presentation order, from 1.")
SHOWING = Column("showing", "whole", "1, or 2 where she was shown the image a second time.")
STUDY = Column("study", "whole", "The study's number.")
DIAGNOSIS = Column("diagnosis", "text", "Of a real image, as the data set of the mix has it.")

RATINGS = (
    RATER,
    GROUP,
    IMAGE,
    TRUTH,
    Column("answer", "text", "`real` or `fake`; empty: not answered, or taken back."),
    STUDY,
    SOURCE,
    POSITION,
    Column("first_answer", "text", "Her first answer; `answer` is her last."),
    Column("revisions", "whole", "How often she changed it."),
    Column("confidence", "whole", "On the study's scale, 1 being a guess; empty: not given."),
    Column("response_ms", "number", "Milliseconds from the sight of the image to the first answer."),
    Column("answered_at", "time", "When the last answer was given."),
    DIAGNOSIS,
)
REPEATS = (
    Column("repeat_position", "whole", "Where in her order the image came again; empty: it did not."),
    Column("repeat_answer", "text", "Her answer then, likewise her last; `answer` is of the first showing."),
)
"""Of the ratings of a study whose raters are shown images a second time, beside the others."""
HISTORY = (
    STUDY,
    RATER,
    GROUP,
    IMAGE,
    TRUTH,
    SOURCE,
    POSITION,
    Column("answer", "text", "`real` or `fake`; empty: she took back her answer."),
    Column("confidence", "whole", "On the study's scale, 1 being a guess; empty: not given."),
    Column(
        "response_ms",
        "number",
        "Milliseconds from the sight of the image to this answer; empty: not measured.",
    ),
    Column("hidden_ms", "number", "For how much of it the page was out of sight; empty: not measured."),
    Column("response_clock", "text", "Who measured: `browser`, or `server` where there was no JavaScript."),
    Column("answered_at", "time", "When it was given."),
    Column("received_at", "time", "When it reached the server; later, where there was no connection."),
    SHOWING,
)
VIEWINGS = (
    RATER,
    GROUP,
    IMAGE,
    POSITION,
    Column("viewings", "whole", "Number of stays."),
    Column("first_ms", "number", "Milliseconds for which it could be seen in the first stay."),
    Column("last_ms", "number", "The same of the last stay."),
    Column("total_ms", "number", "The same of all stays together."),
    Column(
        "hidden_ms",
        "number",
        "Milliseconds of all stays for which the page was out of sight; not part of the others.",
    ),
    Column("first_began_at", "time", "When the first stay began."),
    SHOWING,
)
PARTICIPANTS = (
    RATER,
    GROUP,
    Column("language", "text", "Of the text that she agreed to; empty: not known."),
    Column("consented_at", "time", "When she agreed."),
    Column("consent_version", "text", "SHA-256 of the text that she agreed to."),
    Column("submitted_at", "time", "When she submitted; empty: not yet."),
    Column("first_choice", "text", "The answer whose button stood first on her pages."),
)
RATERS = (
    RATER,
    Column("group", "text", "Her group; empty: she has not chosen one yet."),
    Column("number", "whole", "Counts the raters of the study; with the seed it gives her order."),
    Column(
        "order_row",
        "whole",
        "Where orders are balanced, her row of the design, which her order follows from, too; else empty.",
    ),
    Column("state", "text", "`invited`, `rating` or `submitted`."),
    Column("link", "text", "`yes` where she has a link that works, `no` where it was revoked."),
    Column("invited_at", "time", "When she was invited."),
    Column("consented_at", "time", "When she agreed; empty: not yet."),
    Column("submitted_at", "time", "When she submitted; empty: not yet."),
    Column("images", "whole", "Images of her order, those that come twice counted twice."),
    Column("answered", "whole", "Images with an answer, likewise."),
    Column("revisions", "whole", "Answers given beyond the first to an image."),
    Column("last_answer_at", "time", "When her latest answer reached the server; empty: none yet."),
)
EVENTS = (
    Column("at", "time", "When it happened."),
    Column("kind", "text", "What happened, such as `closed` or `agreed`."),
    Column("rater", "text", "The pseudonym of the rater whom it is about; empty: the study."),
    Column("by", "text", "`admin` where an admin did it on the pages; empty: a rater, or the command line."),
    Column("details", "json", "More of it, as JSON."),
)
IMAGES = (
    IMAGE,
    Column("mix", "whole", "The number of its mix."),
    TRUTH,
    SOURCE,
    DIAGNOSIS,
    Column("sha256", "text", "SHA-256 of the image's file."),
    Column(
        "provenance",
        "json",
        "Of a real image its data set and place there, of a fake its generator and latent seed, as JSON.",
    ),
)
