-- Grain: one row per landed version of a subscription. A version lasts until the next one. A subscription that was deleted stays and
-- ends: when it was cancelled, else when the loader saw it gone, and where neither is known it goes on. span_number: versions between
-- which only what Stripe itself does was told (status, pause, notice, trial, end) had the same items and are of one span, 0 is the newest.
-- A version that begins although nothing of that changed begins because the subscription did: its items may be others.
{{ config(enabled=is_listed('billing', 'stripe'), materialized=read_by_several()) }}
{%- set history = landed('stripe', 'subscription_history') %}
{%- set current = landed('stripe', 'subscription', in_demo=false) %}
{%- set subscription = history if history.exists else current %}
{%- set in_order = (
    'partition by subscription_id order by version_start nulls last, loaded_at nulls last, status nulls last, quantity nulls last'
) %}
{%- set told = ['status', 'pause_behavior', 'trial_end', 'cancel_at_period_end', 'cancel_at', 'canceled_at', 'ended_at'] %}

with landed_versions as (

    select
        {{ field(subscription, 'id', required=true) }} as subscription_id,
        {{ field(subscription, ['customer_id', 'customer']) }} as customer_id,
        {{ fold_case(field(subscription, 'status')) }} as status,
        {{ field(subscription, 'quantity', 'bigint') }} as quantity,
        {{ field(subscription, ['price_id', 'plan_id']) }} as price_id,
        {{ field(subscription, 'currency') }} as currency,
        coalesce(
            {{ field(subscription, 'pause_collection_behavior') }}, {{ json_text(field(subscription, 'pause_collection'), 'behavior') }}
        ) as pause_behavior,
        {{ field(subscription, 'pause_collection_resumes_at', 'timestamp') }} as resumes_at,
        {{ field(subscription, 'current_period_start', 'timestamp') }} as current_period_start,
        {{ field(subscription, '_fivetran_start', 'timestamp') }} as version_start,
        {{ field(subscription, '_fivetran_end', 'timestamp') }} as version_end,
        {{ field(subscription, 'created', 'timestamp') }} as created_at,
        coalesce({{ field(subscription, 'start_date', 'timestamp') }}, {{ field(subscription, 'created', 'timestamp') }})
            as started_at,
        {{ field(subscription, 'trial_end', 'timestamp') }} as trial_end,
        {{ field(subscription, 'cancel_at_period_end', 'boolean') }} as cancel_at_period_end,
        {{ field(subscription, 'cancel_at', 'timestamp') }} as cancel_at,
        {{ field(subscription, 'canceled_at', 'timestamp') }} as canceled_at,
        -- canceled_at of a running subscription is the day of the notice, not the end
        coalesce(
            {{ field(subscription, 'ended_at', 'timestamp') }},
            case
                when {{ fold_case(field(subscription, 'status')) }} = 'canceled'
                    then {{ field(subscription, 'canceled_at', 'timestamp') }}
            end,
            case
                when {{ is_deleted(subscription) }}
                    then coalesce({{ field(subscription, 'canceled_at', 'timestamp') }}, {{ loaded_at(subscription) }})
            end
        ) as ended_at,
        {{ loaded_at(subscription) }} as loaded_at,
        {{ parse_errors(subscription, conditions=['livemode']) }} as parse_errors
    from {{ landed_from(subscription, newest=true) }}
    where
        {{ live_rows(subscription, history=history.exists, keep_deleted=true) }}
        and coalesce({{ field(subscription, 'livemode', 'boolean') }}, true)

),

numbered_versions as (

    select
        *,
        row_number() over ({{ in_order }}) as version_number,
        lead(version_start) over ({{ in_order }}) as next_start,
        {%- for column in told %}
        lead({{ column }}) over ({{ in_order }}) as next_{{ column }},
        {%- endfor %}
        max(ended_at) over (partition by subscription_id) as subscription_ended_at,
        case when status <> 'trialing' and trial_end > started_at then trial_end else started_at end
            as earned_from
    from landed_versions

),

-- the first landed version reaches back to the start: the connector may be younger
started_versions as (

    select
        *,
        case
            when version_number > 1 or earned_from is null or earned_from >= next_start
                then version_start
            else earned_from
        end as valid_from,
        coalesce(
            next_start,
            case when version_end < timestamp '9999-01-01 00:00:00' then version_end end
        ) as version_valid_to,
        -- copies of a version are no change
        sum(
            case
                when
                    next_start > version_start
                    {%- for column in told %}
                    and {{ column }} is not distinct from next_{{ column }}
                    {%- endfor %}
                    then 1
                else 0
            end
        )
            over (partition by subscription_id order by version_number rows between current row and unbounded following)
            as span_number
    from numbered_versions

)

select
    subscription_id,
    version_number,
    span_number,
    customer_id,
    status,
    quantity,
    price_id,
    {{ upper_code('currency') }} as currency,
    -- landed only after it was cancelled: it earned until then
    coalesce(
        status in ('active', 'past_due') or (status = 'canceled' and version_number = 1 and ended_at > valid_from), false
    ) as is_paying,
    -- without a history nobody knows since when it is paused: since its current period
    case
        when pause_behavior is null or status not in ('active', 'past_due') then null
        when version_start is null and coalesce(current_period_start, loaded_at) > valid_from then coalesce(current_period_start, loaded_at)
        else valid_from
    end as paused_from,
    resumes_at as paused_until,
    coalesce(created_at, started_at) as created_at,
    version_start,
    valid_from,
    case
        when
            subscription_ended_at > valid_from
            and (version_valid_to is null or subscription_ended_at < version_valid_to)
            then subscription_ended_at
        else version_valid_to
    end as valid_to,
    loaded_at,
    parse_errors
from started_versions
