-- Grain: one row per item, span of its subscription (stg_stripe__subscription_versions) and state it had in it: what it cost, and how many
-- there were, from a moment on (from_at; null: from the beginning of the span) until the next state (to_at). Invoice lines say it for their
-- own time. What the item is now holds in the newest span, and in every span that was not over when the item was loaded last: it has not
-- changed since. Where nothing tells, what held before holds if it also holds after; else it is unknown (price_as_of): never today's.
-- Before anything was landed of a subscription the first known state is taken, and price_as_of says current.
{{ config(enabled=is_listed('billing', 'stripe'), materialized=read_by_several()) }}
{%- set in_order = 'partition by item_id, subscription_id, span_number order by from_at nulls first, price_id, quantity' %}

with versions as (

    select * from {{ ref('stg_stripe__subscription_versions') }}

),

items as (

    select * from {{ ref('stg_stripe__items') }}

),

spans as (

    select
        subscription_id,
        span_number,
        min(valid_from) as span_from,
        case when span_number > 0 then max(valid_to) end as span_to,
        -- null: without a history nothing was seen of any time but now
        min(version_start) as seen_from,
        lag(min(valid_from)) over (partition by subscription_id order by span_number) as next_span_from,
        max(span_number) over (partition by subscription_id) as first_span_number
    from versions
    group by subscription_id, span_number

),

-- a line belongs to the span that was the last to begin by the day on which its period begins: the invoice follows the change by seconds
billed as (

    select
        lines.item_id,
        spans.subscription_id,
        spans.span_number,
        lines.period_start as from_at,
        lines.price_id,
        lines.quantity,
        lines.amount,
        lines.currency,
        row_number() over (
            partition by lines.item_id, spans.subscription_id, spans.span_number
            order by lines.period_start desc, lines.line_id desc, lines.price_id, lines.quantity, lines.amount
        ) as nth_last
    from {{ ref('stg_stripe__invoice_lines') }} as lines
    inner join spans
        on
            lines.subscription_id = spans.subscription_id
            and (
                spans.span_number = spans.first_span_number
                or {{ reporting_date('spans.span_from') }} <= {{ reporting_date('lines.period_start') }}
            )
            and (spans.span_number = 0 or {{ reporting_date('lines.period_start') }} < {{ reporting_date('spans.next_span_from') }})

),

last_billed as (

    select * from billed where nth_last = 1

),

item_spans as (

    select
        items.item_id,
        items.subscription_id,
        items.price_id,
        items.quantity,
        items.is_landed and (spans.span_number = 0 or coalesce(items.loaded_at < spans.span_to, false)) as is_as_now,
        spans.span_number,
        spans.seen_from
    from items
    inner join spans on items.subscription_id = spans.subscription_id

),

-- of the last period that was billed the item itself knows more than the line, but for its amount
known as (

    select
        billed.item_id,
        billed.subscription_id,
        billed.span_number,
        billed.from_at,
        billed.price_id,
        billed.quantity,
        billed.amount,
        billed.currency,
        'period' as price_as_of
    from billed
    inner join item_spans
        on
            billed.item_id = item_spans.item_id
            and billed.subscription_id = item_spans.subscription_id
            and billed.span_number = item_spans.span_number
    where billed.nth_last > 1 or not item_spans.is_as_now

    union all

    select
        item_spans.item_id,
        item_spans.subscription_id,
        item_spans.span_number,
        last_billed.from_at,
        item_spans.price_id,
        item_spans.quantity,
        case
            when
                item_spans.price_id = last_billed.price_id
                and coalesce(item_spans.quantity, -1) = coalesce(last_billed.quantity, -1)
                then last_billed.amount
        end as amount,
        last_billed.currency,
        'period' as price_as_of
    from item_spans
    left join last_billed
        on
            item_spans.item_id = last_billed.item_id
            and item_spans.subscription_id = last_billed.subscription_id
            and item_spans.span_number = last_billed.span_number
    where item_spans.is_as_now

),

edges as (

    select
        item_id,
        subscription_id,
        span_number,
        row_number() over (partition by item_id, subscription_id, span_number order by from_at nulls first, price_id, quantity) as nth,
        row_number()
            over (partition by item_id, subscription_id, span_number order by from_at desc nulls last, price_id desc, quantity desc)
            as nth_last,
        price_id,
        quantity,
        amount,
        currency
    from known

),

-- the nearest spans on both sides of one that nothing tells of
untold as (

    select
        item_spans.item_id,
        item_spans.subscription_id,
        item_spans.span_number,
        min(case when edges.span_number > item_spans.span_number then edges.span_number end) as span_before,
        max(case when edges.span_number < item_spans.span_number then edges.span_number end) as span_after
    from item_spans
    left join edges
        on item_spans.item_id = edges.item_id and item_spans.subscription_id = edges.subscription_id and edges.nth = 1
    group by item_spans.item_id, item_spans.subscription_id, item_spans.span_number
    having max(case when edges.span_number = item_spans.span_number then 1 else 0 end) = 0

),

bridged as (

    select
        untold.item_id,
        untold.subscription_id,
        untold.span_number,
        cast(null as {{ sql_type('timestamp') }}) as from_at,
        after.price_id,
        after.quantity,
        after.amount,
        after.currency,
        case when after.price_id is not null then 'period' else 'unknown' end as price_as_of
    from untold
    left join edges as before
        on
            untold.item_id = before.item_id
            and untold.subscription_id = before.subscription_id
            and untold.span_before = before.span_number
            and before.nth_last = 1
    left join edges as after
        on
            untold.item_id = after.item_id
            and untold.subscription_id = after.subscription_id
            and untold.span_after = after.span_number
            and after.nth = 1
            and before.price_id = after.price_id
            and coalesce(before.quantity, -1) = coalesce(after.quantity, -1)

),

states as (

    select * from known
    union all
    select * from bridged

),

compared as (

    select
        *,
        row_number() over ({{ in_order }}) = 1 as is_first,
        lag(price_id) over ({{ in_order }}) as last_price_id,
        lag(quantity) over ({{ in_order }}) as last_quantity,
        lag(amount) over ({{ in_order }}) as last_amount
    from states

),

-- a line that says what the one before said is no change
changes as (

    select *
    from compared
    where
        is_first
        or price_id is distinct from last_price_id
        or quantity is distinct from last_quantity
        or amount is distinct from last_amount

)

select
    changes.item_id,
    changes.subscription_id,
    changes.span_number,
    case when not changes.is_first then changes.from_at end as from_at,
    lead(changes.from_at) over (
        partition by changes.item_id, changes.subscription_id, changes.span_number
        order by changes.is_first desc, changes.from_at, changes.price_id, changes.quantity
    ) as to_at,
    changes.price_id,
    changes.quantity,
    changes.amount,
    changes.currency,
    -- since when it is known: a state from before anything landed is what came after
    case
        when spans.span_number < spans.first_span_number or not changes.is_first then null
        when changes.from_at < spans.seen_from or spans.seen_from is null then changes.from_at
        else spans.seen_from
    end as told_from,
    case
        when changes.price_as_of = 'period' and changes.is_first and spans.seen_from is null and changes.from_at is null then 'current'
        else changes.price_as_of
    end as price_as_of
from changes
inner join spans on changes.subscription_id = spans.subscription_id and changes.span_number = spans.span_number
