"""What every test shares: the sizes of the property tests."""

from hypothesis import HealthCheck, Phase, settings

settings.register_profile("ci", max_examples=2_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(  # make mutants: whether a case fails is all that counts
    "quick", parent=settings.get_profile("ci"), max_examples=200, phases=[Phase.explicit, Phase.generate]
)
settings.register_profile("nightly", parent=settings.get_profile("ci"), max_examples=100_000)
settings.load_profile("ci")
