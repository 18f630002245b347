"""How figures look: small type, the same bytes each time, colours that the colour-blind tell apart."""

BLUE, ORANGE, GREEN, PINK, YELLOW, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
"""Of the palette of Okabe & Ito."""
COLOURS = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY)
GREY = "#666666"
STYLE = {"font.size": 8.0, "svg.fonttype": "path", "svg.hashsalt": "dermvtt", "legend.frameon": False}
