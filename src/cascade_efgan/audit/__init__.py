"""From a number back to what made it: the record of a run, its checks, its page and its RO-Crate."""
