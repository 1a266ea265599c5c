"""Mistakes that somebody could make in the distributor, put in one by one: its tests have to catch each.

`table` has the mistakes, `python -m tests.mutants` (``make mutants``) runs the tests of cti/acd against each.
"""
