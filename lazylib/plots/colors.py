"""The colors of all figures."""

#: Blue, vermilion, green and purple of Okabe & Ito, which colour-blind readers tell apart.
POSITIVE, NEGATIVE, THIRD, FOURTH = "#0072B2", "#D55E00", "#009E73", "#CC79A7"

#: For words and what is compared with; for what stands behind.
INK, FAINT = "#222222", "#808080"
