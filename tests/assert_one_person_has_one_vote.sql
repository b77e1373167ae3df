-- Claim: at no period end does a person have two votes.
select
    periods.period_end,
    votes.contact_key
from {{ ref('int_nps__votes') }} as votes
inner join {{ ref('int_periods') }} as periods
    on votes.counts_from <= periods.period_end and periods.period_end < votes.counts_until
where votes.contact_key is not null
group by periods.period_end, votes.contact_key
having count(*) > 1
