"""SIP over UDP (RFC 3261), server and client, for trials and tests. Start at agent.py."""
