{#- Whose answers are no independent ones: those of an account. Who has none is one of their own, and so is an anonymous answer. -#}
{% macro cluster_key(answer_id, answers=none) -%}
    {%- set of = answers ~ '.' if answers else '' -%}
coalesce({{ of }}account_id, 'nobody ' || coalesce({{ of }}contact_key, {{ of }}{{ answer_id }}))
{%- endmacro %}

{#- How often the variance of a mean is that of as many independent cases (Kish 1965): (sum over clusters of (s - m * n)^2 / N^2 *
    G / (G - 1)) / (sample variance / N), s the sum of a cluster, n its cases, N all cases, m the mean, G clusters. `sums` holds, over
    the clusters, those of s, n, s * s, s * n, n * n (as doubles) and of the squares of all values. Null below 10 clusters and where
    all values are the same. -#}
{% macro design_effect(sums, clusters) -%}
    {%- set mean = '(' ~ sums.s ~ ' / ' ~ sums.n ~ ')' -%}
case
        when {{ clusters }} >= 10 and {{ sums.squares }} * {{ sums.n }} > {{ sums.s }} * {{ sums.s }}
            then
                {{ twelve_decimals(
                    '(' ~ sums.s_s ~ ' - 2 * ' ~ mean ~ ' * ' ~ sums.s_n ~ ' + ' ~ mean ~ ' * ' ~ mean ~ ' * ' ~ sums.n_n ~ ') / ('
                    ~ sums.n ~ ' * ' ~ sums.n ~ ') * ' ~ clusters ~ ' / (' ~ clusters ~ ' - 1)'
                    ~ ' / ((' ~ sums.squares ~ ' - ' ~ sums.s ~ ' * ' ~ mean ~ ') / (' ~ sums.n ~ ' - 1) / ' ~ sums.n ~ ')'
                ) }}
    end
{%- endmacro %}

{#- Aggregate over clusters (columns: successes and cases of each): so many independent cases say as much about a share. Never more
    than there are; null without cases. -#}
{% macro effective_cases(successes, cases) -%}
    {%- set sums = {} -%}
    {%- for name, product in {
        's': successes, 'n': cases, 'squares': successes, 's_s': successes ~ ' * ' ~ successes, 's_n': successes ~ ' * ' ~ cases,
        'n_n': cases ~ ' * ' ~ cases
    }.items() -%}
        {%- do sums.update({name: as_double(total(product))}) -%}
    {%- endfor -%}
    {%- set effect = design_effect(sums, 'count(nullif(' ~ cases ~ ', 0))') -%}
{{ twelve_decimals('nullif(' ~ sums.n ~ ', 0) / greatest(coalesce(' ~ effect ~ ', 1.0), 1.0)') }}
{%- endmacro %}

{#- rate_with_interval of a share whose successes and cases were summed over clusters in `counts`, with <name>_effective beside them. -#}
{% macro clustered_rate(name, share, rate=none) -%}
{{ rate_with_interval(name, 'counts.' ~ share[0], 'counts.' ~ share[1], rate, 'counts.' ~ name ~ '_effective') }}
{%- endmacro %}
