{#- Follows links from_id -> to_id to their end, any number of steps, and never loops.
    A recursive CTE for models that begin with {{ with recursive }}:
      chain: (start_id, reached_id, steps, path) every node reached from each start
    A node that reaches itself is part of a cycle: its own link is to be set aside. -#}
{% macro chain(links) -%}
chain as (

    select
        from_id as start_id,
        to_id as reached_id,
        1 as steps,
        {{ dbt.hash('from_id') }} || {{ dbt.hash('to_id') }} as path,
        from_id = to_id as is_closed
    from {{ links }}

    union all

    select
        chain.start_id,
        {{ links }}.to_id as reached_id,
        chain.steps + 1 as steps,
        chain.path || {{ dbt.hash(links ~ '.to_id') }} as path,
        {{ dbt.position(dbt.hash(links ~ '.to_id'), 'chain.path') }} > 0 as is_closed
    from chain
    inner join {{ links }} on chain.reached_id = {{ links }}.from_id
    where not chain.is_closed

),

cycle_members as (

    select distinct start_id as member_id
    from chain
    where start_id = reached_id

),

-- the end of a chain: the first node without a sound link of its own
chain_ends as (

    select
        chain.start_id,
        chain.reached_id as end_id,
        row_number() over (partition by chain.start_id order by chain.steps) as end_number
    from chain
    left join {{ links }} as next_link on chain.reached_id = next_link.from_id
    left join cycle_members on chain.reached_id = cycle_members.member_id
    where next_link.from_id is null or cycle_members.member_id is not null

)
{%- endmacro %}
