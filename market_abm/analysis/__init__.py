"""What results mean: the answer in words and tables, paired comparisons, explanations of single decisions."""
