"""The weighting logic of the VoC warehouse in Python: policy, role-weighted NPS, customer health.

    from voc_weighting import load_policy, role_weighted

    policy = load_policy(Path("seeds/policy"))
    scheme = policy.weight_scheme("enterprise", date(2026, 6, 30))
    result = role_weighted(promoters, passives, detractors, scheme.weights)

The modules `nps` and `health` hold the arithmetic, `policy` the seeds and their rules. They compute
what the SQL in `macros/weighting/` computes, and a test holds the two together.
"""

from voc_weighting import health, nps
from voc_weighting.errors import WeightingError
from voc_weighting.health import Health
from voc_weighting.nps import RoleWeightedNps, role_weighted
from voc_weighting.policy import Finding, Policy, PolicyError, check_policy, load_policy

__all__ = [
    "Finding",
    "Health",
    "Policy",
    "PolicyError",
    "RoleWeightedNps",
    "WeightingError",
    "check_policy",
    "health",
    "load_policy",
    "nps",
    "role_weighted",
]
