"""Measurements that people run by hand; nothing of the server imports them."""
