-- Grain: one row per weight scheme, version and role, with the days the version counts
-- (valid_from inclusive, valid_before exclusive).
with role_weights as (

    select * from {{ ref('role_weights') }}

),

versions as (

    {{ row_sets('role_weights', 'weight_scheme') }}

)

select
    role_weights.weight_scheme,
    role_weights.contact_role,
    role_weights.seniority,
    role_weights.weight as role_weight,
    versions.valid_from,
    versions.valid_before
from role_weights
inner join versions
    on role_weights.weight_scheme = versions.weight_scheme and role_weights.valid_from = versions.valid_from
