"""Words that follow from a prompt: they stand in for what a language model would write."""
