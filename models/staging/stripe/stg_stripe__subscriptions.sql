-- Grain: one row per version of a subscription, stretch of it in which nothing changed, and item of it. Versions are cut where an item
-- begins, ends or changes, where a discount begins or ends, and where a pause does. The quantity of a version is known where the
-- subscription tells it for its one item, else it is that of the item (stg_stripe__item_states). Revenue is the list price; net_mrr is what
-- discounts leave of it: shares first, then amounts, spread over the items. A subscription without any item has one row without a price.
-- An item of a subscription that never landed stands alone, without a customer and without a time.
{{ config(enabled=is_listed('billing', 'stripe'), materialized=read_by_several()) }}
{%- set history = landed('stripe', 'subscription_history') %}
{%- set current = landed('stripe', 'subscription', in_demo=false) %}
{%- set subscription = history if history.exists else current %}
{%- set item = landed('stripe', 'subscription_item') %}

with versions as (

    select * from {{ ref('stg_stripe__subscription_versions') }}

),

items as (

    select * from {{ ref('stg_stripe__items') }}

),

states as (

    select * from {{ ref('stg_stripe__item_states') }}

),

discounts as (

    select * from {{ ref('stg_stripe__discounts') }}

),

prices as (

    select * from {{ ref('stg_stripe__prices') }}

),

landed_items as (

    select
        {{ field(item, 'id', required=true) }} as item_id,
        {{ field(item, ['subscription_id', 'subscription'], required=true) }} as subscription_id,
        {{ field(item, 'quantity', 'bigint') }} as quantity,
        {{ loaded_at(item) }} as loaded_at,
        {{ parse_errors(item, names={'quantity': 'item_quantity', 'created': 'item_created'}) }} as parse_errors
    from {{ landed_from(item, newest=true) }}
    where {{ live_rows(item, keep_deleted=true) }}

),

-- those of test mode too
known_subscriptions as (

    select distinct {{ field(subscription, 'id') }} as subscription_id
    from {{ landed_from(subscription) }}

),

moments as (

    select subscription_id, starts_at as moment from items
    union distinct
    select subscription_id, ends_at as moment from items
    union distinct
    select subscription_id, from_at as moment from states
    union distinct
    select subscription_id, told_from as moment from states
    union distinct
    select versions.subscription_id, discounts.starts_at as moment
    from versions
    inner join discounts on versions.subscription_id = discounts.subscription_id or versions.customer_id = discounts.customer_id
    union distinct
    select versions.subscription_id, discounts.ends_at as moment
    from versions
    inner join discounts on versions.subscription_id = discounts.subscription_id or versions.customer_id = discounts.customer_id

),

cuts as (

    select
        versions.subscription_id,
        versions.version_number,
        versions.valid_from as cut_at
    from versions

    union distinct

    select
        versions.subscription_id,
        versions.version_number,
        moments.moment as cut_at
    from versions
    inner join moments
        on
            versions.subscription_id = moments.subscription_id
            and versions.valid_from < moments.moment
            and (versions.valid_to is null or moments.moment < versions.valid_to)

    union distinct

    select
        subscription_id,
        version_number,
        paused_from as cut_at
    from versions
    where paused_from > valid_from and (valid_to is null or paused_from < valid_to)

    union distinct

    select
        subscription_id,
        version_number,
        paused_until as cut_at
    from versions
    where paused_until > paused_from and paused_until > valid_from and (valid_to is null or paused_until < valid_to)

),

stretches as (

    select
        versions.subscription_id,
        versions.version_number,
        versions.span_number,
        versions.customer_id,
        versions.status,
        versions.quantity,
        versions.price_id,
        versions.currency,
        versions.is_paying,
        coalesce(versions.paused_from <= cuts.cut_at and (versions.paused_until is null or cuts.cut_at < versions.paused_until), false)
            as is_paused,
        cuts.cut_at as valid_from,
        coalesce(lead(cuts.cut_at) over (partition by cuts.subscription_id, cuts.version_number order by cuts.cut_at), versions.valid_to)
            as valid_to,
        row_number() over (partition by cuts.subscription_id, cuts.version_number order by cuts.cut_at) as stretch_number,
        versions.loaded_at,
        versions.parse_errors
    from cuts
    inner join versions on cuts.subscription_id = versions.subscription_id and cuts.version_number = versions.version_number

),

held as (

    select
        stretches.*,
        items.item_id,
        states.price_id as item_price_id,
        states.quantity as item_quantity,
        states.amount as billed_amount,
        states.currency as billed_currency,
        case when states.price_as_of = 'period' and stretches.valid_from < states.told_from then 'current' else states.price_as_of end
            as price_as_of,
        count(items.item_id) over (partition by stretches.subscription_id, stretches.version_number, stretches.stretch_number) as items_held
    from stretches
    left join items
        on
            stretches.subscription_id = items.subscription_id
            and (items.starts_at is null or items.starts_at <= stretches.valid_from)
            and (items.ends_at is null or stretches.valid_from < items.ends_at)
    left join states
        on
            items.item_id = states.item_id
            and items.subscription_id = states.subscription_id
            and stretches.span_number = states.span_number
            and (states.from_at is null or states.from_at <= stretches.valid_from)
            and (states.to_at is null or stretches.valid_from < states.to_at)

),

-- what the subscription says of its one item was said then
told as (

    select
        held.*,
        case when held.items_held <= 1 then coalesce(held.quantity, held.item_quantity) else held.item_quantity end as seats,
        case when held.items_held > 1 then held.item_price_id else coalesce(held.price_id, held.item_price_id) end as held_price_id,
        held.price_id is not null and held.items_held <= 1 as is_price_told
    from held

),

priced as (

    select
        told.*,
        prices.times_a_year,
        prices.parse_errors as price_errors,
        case when not coalesce(prices.is_metered, false) then {{ as_double('prices.times_a_year') }} / 12.0 end as times_a_month,
        coalesce(told.currency, told.billed_currency, prices.currency) as mrr_currency,
        case
            when prices.currency is null or prices.currency = coalesce(told.currency, told.billed_currency, prices.currency)
                then prices.unit_amount
        end as unit_amount,
        case prices.package_rounding
            when 'down' then floor(told.seats / (1.0 * prices.units_in_package))
            else ceil(told.seats / (1.0 * prices.units_in_package))
        end as packages
    from told
    left join prices on told.held_price_id = prices.price_id

),

-- a price without a unit amount in this currency: what the invoice asked for
listed as (

    select
        *,
        coalesce(
            unit_amount * coalesce(packages, seats),
            case when mrr_currency = coalesce(billed_currency, mrr_currency) and held_price_id = item_price_id then billed_amount end
        ) * times_a_month as list_amount
    from priced

),

-- those of the subscription, or of its customer where it has none
discounted as (

    select
        listed.subscription_id,
        listed.version_number,
        listed.stretch_number,
        case when discounts.subscription_id is not null then 1 else 2 end as precedence,
        min(case when discounts.subscription_id is not null then 1 else 2 end)
            over (partition by listed.subscription_id, listed.version_number, listed.stretch_number)
            as first_precedence,
        discounts.percent_off,
        case
            when discounts.currency is null or discounts.currency = listed.mrr_currency
                then discounts.amount_off * listed.times_a_month
        end as amount_off
    from (
        select
            subscription_id,
            version_number,
            stretch_number,
            customer_id,
            valid_from,
            max(mrr_currency) as mrr_currency,
            max(times_a_month) as times_a_month
        from listed
        group by subscription_id, version_number, stretch_number, customer_id, valid_from
    ) as listed
    inner join discounts
        on
            (
                listed.subscription_id = discounts.subscription_id
                or (discounts.subscription_id is null and listed.customer_id = discounts.customer_id)
            )
            and (discounts.starts_at is null or discounts.starts_at <= listed.valid_from)
            and (discounts.ends_at is null or listed.valid_from < discounts.ends_at)

),

reductions as (

    select
        subscription_id,
        version_number,
        stretch_number,
        case
            when max(percent_off) >= 100 then 0
            when count(percent_off) = 1 then 1 - max(percent_off) / 100
            else exp(sum(ln(case when percent_off < 100 then 1 - percent_off / 100 end)))
        end as share_left,
        sum(amount_off) as amount_off
    from discounted
    where precedence = first_precedence
    group by subscription_id, version_number, stretch_number

),

reduced as (

    select
        listed.*,
        listed.list_amount * coalesce(reductions.share_left, 1) as share_amount,
        sum(listed.list_amount * coalesce(reductions.share_left, 1))
            over (partition by listed.subscription_id, listed.version_number, listed.stretch_number)
            as subscription_amount,
        coalesce(reductions.amount_off, 0) as amount_off
    from listed
    left join reductions
        on
            listed.subscription_id = reductions.subscription_id
            and listed.version_number = reductions.version_number
            and listed.stretch_number = reductions.stretch_number

)

select
    reduced.subscription_id || '#' || cast(reduced.version_number as {{ dbt.type_string() }})
    || case when reduced.stretch_number > 1 then '.' || cast(reduced.stretch_number as {{ dbt.type_string() }}) else '' end
    || coalesce('#' || reduced.item_id, '')
        as subscription_version_id,
    reduced.subscription_id,
    reduced.item_id as subscription_item_id,
    reduced.customer_id,
    reduced.status,
    reduced.is_paying and not reduced.is_paused as is_paying,
    reduced.is_paying and reduced.is_paused as is_paused,
    reduced.seats,
    {{ to_money('reduced.list_amount / ' ~ minor_units('reduced.mrr_currency')) }} as mrr,
    {{ to_money(
        'case when reduced.amount_off >= reduced.subscription_amount then 0'
        ~ ' else reduced.share_amount * (1 - reduced.amount_off / nullif(reduced.subscription_amount, 0)) end / '
        ~ minor_units('reduced.mrr_currency')
    ) }} as net_mrr,
    reduced.mrr_currency as currency,
    case
        when reduced.is_price_told and reduced.seats is not null then 'period'
        when reduced.item_id is null then 'unknown'
        else reduced.price_as_of
    end as price_as_of,
    reduced.valid_from,
    reduced.valid_to,
    reduced.loaded_at,
    {{ comma_list(['reduced.parse_errors', 'landed_items.parse_errors', 'reduced.price_errors']) }} as parse_errors
from reduced
left join landed_items on reduced.item_id = landed_items.item_id

union all

select
    landed_items.subscription_id || '#0' || coalesce('#' || landed_items.item_id, '') as subscription_version_id,
    landed_items.subscription_id,
    landed_items.item_id as subscription_item_id,
    cast(null as {{ sql_type('string') }}) as customer_id,
    cast(null as {{ sql_type('string') }}) as status,
    false as is_paying,
    false as is_paused,
    landed_items.quantity as seats,
    cast(null as {{ sql_type('numeric(18,2)') }}) as mrr,
    cast(null as {{ sql_type('numeric(18,2)') }}) as net_mrr,
    cast(null as {{ sql_type('string') }}) as currency,
    cast(null as {{ sql_type('string') }}) as price_as_of,
    cast(null as {{ sql_type('timestamp') }}) as valid_from,
    cast(null as {{ sql_type('timestamp') }}) as valid_to,
    landed_items.loaded_at,
    landed_items.parse_errors
from landed_items
left join known_subscriptions on landed_items.subscription_id = known_subscriptions.subscription_id
where known_subscriptions.subscription_id is null
