{#- Customer health: the only place where SQL weighs signals and pillars. Scores are doubles from
    0 to 100, rounded to 6 decimals before anything is compared with them; sums go through
    decimals, so that they do not depend on row order. -#}

{#- The pillars there are: each has its columns in account_health. -#}
{% macro health_pillars() %}{{ return(['usage', 'voc', 'commercial', 'service']) }}{% endmacro %}

{#- A condition of one pillar, asked of all; %s in it is the pillar's name. -#}
{% macro any_pillar(condition) %}
    {%- set asked = [] -%}
    {%- for pillar in health_pillars() -%}{%- do asked.append('(' ~ condition | replace('%s', pillar) ~ ')') -%}{%- endfor -%}
    {{ return('(' ~ asked | join(' or ') ~ ')') }}
{% endmacro %}

{#- The signals there are, as [{name, domain}]: the columns of int_health__signal_values that say
    in their meta which domain they are a `signal_of`. Empty while dbt parses. -#}
{% macro health_signal_columns() %}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == 'int_health__signal_values' -%}
            {%- for column in node.columns.values() if column.meta.signal_of -%}
                {%- do found.append({'name': column.name, 'domain': column.meta.signal_of}) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}

{#- The value of the signal that the column `signal` names, from the columns of the signals. -#}
{% macro value_of_signal(values_from) -%}
    {%- set signals = health_signal_columns() -%}
    {%- if not signals -%}
cast(null as {{ sql_type('double precision') }})
    {%- else -%}
case signal
        {%- for column in signals %}
            when '{{ column.name }}' then {{ values_from }}.{{ column.name }}
        {%- endfor %}
        end
    {%- endif -%}
{%- endmacro %}

{#- The domain whose news the signal depends on. -#}
{% macro domain_of_signal() -%}
    {%- set signals = health_signal_columns() -%}
    {%- if not signals -%}
cast(null as {{ dbt.type_string() }})
    {%- else -%}
case signal
        {%- for column in signals %}
            when '{{ column.name }}' then '{{ column.domain }}'
        {%- endfor %}
        end
    {%- endif -%}
{%- endmacro %}

{% macro rounded(score) -%}
{{ as_double(six_decimals(exact(score))) }}
{%- endmacro %}

{#- Linear between the anchors, clipped beyond them; anchors may run downwards. -#}
{% macro signal_score(value, score_0_at, score_100_at) -%}
    {%- set line = '100.0 * (' ~ value ~ ' - ' ~ score_0_at ~ ') / (' ~ score_100_at ~ ' - ' ~ score_0_at ~ ')' -%}
{{ twelve_decimals(clip(line, '0.0', '100.0')) }}
{%- endmacro %}

{#- Aggregates over the signals of an account; columns: pillar, pillar_weight, signal_weight,
    signal_score (null: missing). -#}

{#- Weight of the signals of a pillar that are there; null when none is. -#}
{% macro present_signal_weight(pillar) -%}
sum(case when pillar = '{{ pillar }}' and signal_score is not null then signal_weight end)
{%- endmacro %}

{#- Weighted mean of the signals that are there. -#}
{% macro pillar_score(pillar) -%}
    {%- set weighed -%}
sum(case when pillar = '{{ pillar }}' then {{ exact(as_double('signal_weight') ~ ' * signal_score') }} end)
    {%- endset -%}
{{ rounded(as_double(weighed) ~ ' / ' ~ as_double(present_signal_weight(pillar))) }}
{%- endmacro %}

{#- Weight of the signals that are there in the whole score. -#}
{% macro signal_coverage() -%}
{{ as_double('sum(case when signal_score is not null then ' ~ exact(as_double('pillar_weight') ~ ' * ' ~ as_double('signal_weight')) ~ ' else 0 end)') }}
{%- endmacro %}

{#- Row-wise over <pillar>_weight and <pillar>_score; a pillar the scorecard does not have has no
    weight, a pillar without signals no score. -#}

{% macro score_coverage() -%}
    {%- set weights = [] -%}
    {%- for pillar in health_pillars() -%}
        {%- do weights.append("case when " ~ pillar ~ "_score is not null then " ~ pillar ~ "_weight else 0 end") -%}
    {%- endfor -%}
{{ weights | join('\n        + ') }}
{%- endmacro %}

{#- Weighted mean of the pillars that are there; null when none is. -#}
{% macro health_score() -%}
{{ rounded(as_double(weighed_pillars('0')) ~ '\n        / nullif(' ~ as_double(score_coverage()) ~ ', 0)') }}
{%- endmacro %}

{#- The score if every missing pillar had this score. -#}
{% macro health_score_bound(missing_score) -%}
{{ rounded(as_double(weighed_pillars(missing_score))) }}
{%- endmacro %}

{% macro weighed_pillars(missing_score) -%}
    {%- set parts = [] -%}
    {%- for pillar in health_pillars() -%}
        {%- do parts.append("coalesce(" ~ exact(as_double(pillar ~ '_weight') ~ " * coalesce(" ~ pillar ~ "_score, " ~ missing_score ~ ")") ~ ", 0)") -%}
    {%- endfor -%}
{{ parts | join('\n        + ') }}
{%- endmacro %}

{#- Points of the score that a pillar gives; the contributions sum to the score. -#}
{% macro pillar_contribution(pillar) -%}
{{ twelve_decimals(as_double(pillar ~ '_weight') ~ ' * ' ~ pillar ~ '_score / nullif(score_coverage, 0)') }}
{%- endmacro %}

{#- What moved the score since another day. A pillar known on both days moves it by its weight (the mean of the effective weights of
    both days) times the change of its own score; one that came or went moves it by the weights it takes from the others, which is
    coverage_change. now and before have <pillar>_weight, <pillar>_score, score_coverage and health_score. Null unless both days have a
    score. -#}
{% macro pillar_change(pillar, now, before) -%}
    {%- set weight = [] -%}
    {%- for day in [now, before] -%}
        {%- do weight.append(as_double(day ~ '.' ~ pillar ~ '_weight') ~ ' / ' ~ day ~ '.score_coverage') -%}
    {%- endfor -%}
case
        when {{ now }}.health_score is not null and {{ before }}.health_score is not null
            then coalesce(
                {{ rounded('(' ~ weight | join(' + ') ~ ') / 2.0 * (' ~ now ~ '.' ~ pillar ~ '_score - ' ~ before ~ '.' ~ pillar ~ '_score)') }}, 0
            )
    end
{%- endmacro %}

{#- Row-wise over health_score_change and <pillar>_change: what the pillars do not explain; the five sum to the change. -#}
{% macro coverage_change() -%}
    {%- set changes = [] -%}
    {%- for pillar in health_pillars() -%}{%- do changes.append(exact(pillar ~ '_change')) -%}{%- endfor -%}
{{ rounded(exact('health_score_change') ~ ' - ' ~ changes | join(' - ')) }}
{%- endmacro %}

{#- The pillars that have a score on one day and none on the other, in their order, joined by a semicolon; null without one. -#}
{% macro pillars_only_in(day, other) -%}
    {%- set named = [] -%}
    {%- for pillar in health_pillars() -%}
        {%- do named.append("case when " ~ day ~ "." ~ pillar ~ "_score is not null and " ~ other ~ "." ~ pillar ~ "_score is null then ';" ~ pillar ~ "' else '' end") -%}
    {%- endfor -%}
nullif(substring({{ named | join('\n            || ') }}, 2), '')
{%- endmacro %}

{#- Which of the five changes moved the score furthest in the direction in which it moved; the first of several. -#}
{% macro furthest_mover(changes) -%}
    {%- set names, moves = health_pillars() + ['coverage'], [] -%}
    {%- for name in names -%}
        {%- do moves.append('sign(' ~ changes ~ '.health_score_change) * ' ~ changes ~ '.' ~ name ~ '_change') -%}
    {%- endfor -%}
case
            {%- for name in names %}
            when {{ moves[loop.index0] }} = {{ largest(moves) }} then '{{ name }}'
            {%- endfor %}
        end
{%- endmacro %}

{#- Share of a signal in the score: the weights of what is missing go to what is there. signals has
    pillar, signal_weight and pillar_weight, pillars score_coverage and <pillar>_signal_weight. -#}
{% macro signal_share(signals, pillars) -%}
    {%- set of_pillar -%}
case {{ signals }}.pillar
            {%- for pillar in health_pillars() %}
            when '{{ pillar }}' then {{ pillars }}.{{ pillar }}_signal_weight
            {%- endfor %}
        end
    {%- endset -%}
{{ as_double(signals ~ '.signal_weight') }} / {{ as_double(of_pillar) }}
        * {{ as_double(signals ~ '.pillar_weight') }} / {{ pillars }}.score_coverage
{%- endmacro %}

{#- Join condition: half-open, score_from belongs to the band and score_below to the next one. -#}
{% macro in_band(score, band) -%}
{{ score }} is not null
            and ({{ band }}.score_from is null or {{ six_decimals(score) }} >= {{ band }}.score_from)
            and ({{ band }}.score_below is null or {{ six_decimals(score) }} < {{ band }}.score_below)
{%- endmacro %}

{#- One decimal, cut off: a label never says more than its band, 84.99 is 84.9. -#}
{% macro shown_score(score) -%}
{{ as_double('floor(' ~ six_decimals(score) ~ ' * 10) / 10.0') }}
{%- endmacro %}

{#- How far the NPS of an account has to move (below 0: down) for its health score to reach an edge
    from below or to fall below it from above; scores have 6 decimals, so half a unit of the last
    one before the edge is the edge. Null when voice alone cannot. -#}
{% macro nps_move_to_edge(edge) -%}
    {%- set target = "(signal_score + (" ~ as_double(edge) ~ " - health_score - 0.0000005) / signal_share)" -%}
case
        when {{ target }} between 0 and 100
            then score_0_at + {{ target }} / 100.0 * (score_100_at - score_0_at) - signal_value
    end
{%- endmacro %}

{#- Points of account NPS that one answer moves when it goes from one end of the scale to the other
    (points 200) or from the middle to an end (100), as one of the answers of its role. -#}
{% macro nps_effect_of_answer(points, roles, accounts) -%}
{{ as_double(points) }} / {{ roles }}.responses * coalesce({{ roles }}.role_weight / {{ accounts }}.role_weight_coverage, 1.0)
{%- endmacro %}
