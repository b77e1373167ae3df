-- Grain: one row per counted day and scope. The votes of a scope as those of accounts that agree among
-- themselves: sums of whole numbers, whatever the order of the rows, and the design effect (Kish 1965):
-- the variance between accounts by that of as many independent people. Null below 10 accounts and where
-- all votes are the same.
{{ config(materialized='table') }}

with clusters as (

    select
        counted_on,
        scope_type,
        scope_value,
        count(*) as accounts,
        {{ as_double(total('responses')) }} as n,
        {{ as_double(total('net_promoters')) }} as net,
        {{ as_double(total('decided_votes')) }} as decided,
        {{ as_double(total('net_promoters * net_promoters')) }} as net_net,
        {{ as_double(total('net_promoters * responses')) }} as net_n,
        {{ as_double(total('responses * responses')) }} as n_n
    from {{ ref('int_nps__account_votes') }}
    group by 1, 2, 3

)

select
    *,
    {{ design_effect(
        {'s': 'net', 'n': 'n', 'squares': 'decided', 's_s': 'net_net', 's_n': 'net_n', 'n_n': 'n_n'}, 'accounts'
    ) }} as design_effect
from clusters
