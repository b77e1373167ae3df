-- Grain: one row per weight scheme, version and role, with the days the version counts
-- (valid_from inclusive, valid_before exclusive).
with role_weights as (

    select * from {{ ref('role_weights') }}

),

versions as (

    select
        weight_scheme,
        valid_from,
        lead(valid_from) over (partition by weight_scheme order by valid_from) as valid_before
    from (select distinct weight_scheme, valid_from from role_weights) as scheme_dates

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
