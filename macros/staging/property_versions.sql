{#- A from clause of versions, made of a table that has a row per change of one property (HubSpot's contact_property_history, Jira's issue
    field history): record_id, valid_from, valid_to, the properties under our names, loaded_at and parse_errors. Grain: one row per record
    and moment at which one of the properties changed. properties: {our name: name of the property, or names, of which a record has one}.
    name, value, changed_at: what the table calls them. A property that was emptied is null from then on. Of several values of one moment
    the greatest counts. A change at a time that cannot be read is a row without valid_from, which is set aside after the union. -#}
{% macro property_versions(history, key, properties, name='name', value='value', changed_at='timestamp') -%}
    {%- set property, partition = fold_case(field(history, name, required=true)), "record_id, valid_from is null" -%}
    {%- set wanted = [] -%}
    {%- for names in properties.values() -%}{%- do wanted.extend([names] if names is string else names) -%}{%- endfor -%}
(
    select
        record_id,
        valid_from,
        lead(valid_from) over (partition by {{ partition }} order by valid_from) as valid_to,
        {%- for column in properties %}
        max({{ column }}) over (partition by {{ partition }}, nth_{{ column }}) as {{ column }},
        {%- endfor %}
        loaded_at,
        parse_errors
    from (
        select
            *
            {%- for column in properties %},
            sum(has_{{ column }}) over (partition by {{ partition }} order by valid_from rows between unbounded preceding and current row) as nth_{{ column }}
            {%- endfor %}
        from (
            select
                record_id,
                valid_from,
                {%- for column, names in properties.items() %}
                {%- set is_it = "property in ('" ~ (names if names is string else names | join("', '")) | lower ~ "')" %}
                max(case when {{ is_it }} then property_value end) as {{ column }},
                max(case when {{ is_it }} then 1 else 0 end) as has_{{ column }},
                {%- endfor %}
                max(loaded_at) as loaded_at,
                max(parse_errors) as parse_errors
            from (
                select
                    {{ field(history, key, required=true) }} as record_id,
                    {{ property }} as property,
                    {{ field(history, value) }} as property_value,
                    {{ field(history, changed_at, 'timestamp', required=true) }} as valid_from,
                    {{ loaded_at(history) }} as loaded_at,
                    {{ parse_errors(history) }} as parse_errors
                from {{ landed_from(history) }}
                where
                    {{ live_rows(history, history=true) }}
            ) as changes
            where property in ('{{ wanted | join("', '") | lower }}')
            group by record_id, valid_from
        ) as moments
    ) as numbered
) as versions
{%- endmacro %}
