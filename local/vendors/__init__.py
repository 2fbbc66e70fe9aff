"""OpenAI and Replicate as their clients see them on the wire, on this machine only."""
