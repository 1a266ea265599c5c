"""Real phones for tests: SIPp for callers and carriers, baresip for agents."""
