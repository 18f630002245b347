"""What images can tell: which are hard, which generator convinces, which diagnoses are taken for real."""
