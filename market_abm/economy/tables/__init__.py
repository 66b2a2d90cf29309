"""Stage 13: one module a results table; the columns are explained in `results/dictionary`."""
