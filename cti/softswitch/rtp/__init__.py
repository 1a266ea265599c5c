"""The media room of the embedded softswitch: RTP, prompts, keys, bridges, supervision and recordings."""
