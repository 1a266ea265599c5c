"""What a caller hears and keys, as pure code: the verbs of a flow, its prompts, and the interpreter that walks it."""
