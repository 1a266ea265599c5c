"""Life for a trial: customers who call, and agents who answer, over real SIP and RTP on loopback."""
