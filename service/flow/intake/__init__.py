"""From the glass to the text: receipt, stacks, reading, checking, correcting, showing."""
