{#- Hides more rows until what is hidden in a group cannot be told from its total: at least two teams that together have at least
    `smallest` respondents. The next smallest goes first, then the lower team_id. `rows` has team_id, respondents and is_hidden;
    the columns of `rows` that are to stay are named in `columns`. A group that has nothing hidden, or nothing left to hide,
    stays as it is. -#}
{% macro complementary_suppression(rows, columns, group, smallest) -%}
select
        {{ columns | join(',
        ') }},
        is_hidden or (
            hidden_teams > 0
            and (hidden_teams + shown_teams_before < 2 or hidden_respondents + shown_respondents_before < {{ smallest }})
        ) as is_hidden
    from (
        select
            *,
            count(case when is_hidden then 1 end) over (partition by {{ group }}) as hidden_teams,
            sum(case when is_hidden then respondents else 0 end) over (partition by {{ group }}) as hidden_respondents,
            count(case when not is_hidden then 1 end) over (
                partition by {{ group }}
                order by respondents, {{ byte_order('team_id') }}
                rows between unbounded preceding and current row
            ) - case when is_hidden then 0 else 1 end as shown_teams_before,
            sum(case when is_hidden then 0 else respondents end) over (
                partition by {{ group }}
                order by respondents, {{ byte_order('team_id') }}
                rows between unbounded preceding and current row
            ) - case when is_hidden then 0 else respondents end as shown_respondents_before
        from {{ rows }}
    ) as counted
{%- endmacro %}
