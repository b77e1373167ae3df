-- Grain: one row per poll, deleted ones too: what was asked was asked. is_number: the answer is a number, of an NPS poll or of another
-- scale.
{{ config(enabled=is_listed('survey', 'pendo')) }}
{%- set poll = landed('pendo', 'poll', in_demo=false) %}

with polls as (

    select
        {{ field(poll, 'id') }} as poll_id,
        {{ fold_case(field(poll, ['attribute_type', 'type'])) }} as poll_type,
        {{ field(poll, 'attribute_follow_up') }} as follow_up_poll_id
    from {{ landed_from(poll, newest=true) }}
    where {{ live_rows(poll, keep_deleted=true) }}

)

select
    poll_id,
    follow_up_poll_id,
    poll_type = 'npsrating' as is_nps,
    poll_type in ('npsrating', 'numberscale') as is_number,
    poll_type = 'yesno' as is_yes_or_no
from polls
