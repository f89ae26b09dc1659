"""Customer credit: who we deal with, on the evidence of the documents. Pure rules."""
