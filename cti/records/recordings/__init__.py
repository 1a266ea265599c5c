"""The files of recordings: names, tags, finishing, retention, verifying.

Start reading at `finisher.Finisher`, what the engine uses; `finishing` is what happens to one file.
"""
