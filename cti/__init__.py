"""A contact-centre server: it decides and records the calls that a softswitch carries."""
