"""The IVR's voice: pieces of prompts become WAV files that a switch can play."""
