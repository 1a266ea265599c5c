"""The records of calls: tables, the queue and spool before them, the count of earlier calls, recordings."""
