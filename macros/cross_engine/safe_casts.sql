{#- Text to number or time without an error: what cannot be read is null, and the same on every engine. -#}

{% macro try_to_double(text) %}{{ return(adapter.dispatch('try_to_double')(text)) }}{% endmacro %}

{#- Engines read more than numbers: DuckDB takes 1_0 for 10. -#}
{% macro default__try_to_double(text) %}
    {%- set pattern = "^[-+]?([0-9]{1,30}([.][0-9]{0,30})?|[.][0-9]{1,30})([eE][-+]?[0-9]{1,2})?$" -%}
    {{ return("case when " ~ matches(trimmed(text), pattern) ~ " then cast(" ~ trimmed(text) ~ " as " ~ sql_type('double precision') ~ ") end") }}
{% endmacro %}

{#- Text of a moment, UTC out: ISO 8601 or epoch digits; null where it is neither. One reading for all engines, whose own casts part on
    half of these spellings. A day (2026-06-30), or a day and a time after T, t or a space: hours and minutes, or seconds too, with up
    to nine decimals, of which those beyond microseconds are cut; 24:00 is the next midnight. Then, after a space or not, Z, UTC or GMT
    in any case, or the offset as +02, +0200 or +02:00 (up to 14:59); without one it is UTC. What most tools write
    is cast as it is, and so is a day in other words (iso_day) with a time in these. Short, for a database plans it anew for every column. -#}
{% macro try_to_timestamp(text, day_order=none) %}
    {%- set clean = trimmed(text) -%}
    {%- set otherwise = iso_day(clean, day_order) -%}
    {%- set leap_year = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)" -%}
    {%- set day = "([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))|" ~ leap_year ~ "-02-29)" -%}
    {%- set time = "(([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,9})?)?|24:00(:00([.]0{1,9})?)?)" -%}
    {%- set offset = "( ?([Zz]|[Uu][Tt][Cc]|[Gg][Mm][Tt]|[-+](0[0-9]|1[0-4])(:?[0-5][0-9])?))" -%}
    {%- set to_minute = "([01][0-9]|2[0-3]):[0-5][0-9]" -%}
    {%- set to_second = to_minute ~ ":[0-5][0-9]([.][0-9]{1,6})?Z?" -%}
    {{ return(
        "case"
        ~ " when " ~ clean ~ " like '0000%' then null"
        ~ " when " ~ matches(clean, "^" ~ day ~ "([T ]" ~ to_second ~ ")?$") ~ " then cast(replace(" ~ clean ~ ", 'Z', '') as " ~ sql_type('timestamp') ~ ")"
        ~ " when " ~ matches(clean, "^[0-9]{9,16}$") ~ " then " ~ epoch_to_timestamp("cast(" ~ clean ~ " as " ~ sql_type('double precision') ~ ")")
        ~ " when " ~ matches(clean, "^" ~ day ~ "[Tt ]" ~ time ~ offset ~ "?$") ~ " then " ~ moment_of(clean)
        ~ " when " ~ matches(otherwise, "^" ~ day ~ "([T ](" ~ to_minute ~ "|" ~ to_second ~ "))?$")
        ~ " then cast(replace(" ~ otherwise ~ ", 'Z', '') as " ~ sql_type('timestamp') ~ ") end"
    ) }}
{% endmacro %}

{#- A text that begins with a day in other words, with that day in ISO's: the year first, with slashes or one digit for two (2026/6/5); the
    year last (5/6/2026, 5.6.2026) only where landed_day_order says of the vendor which of the others is the day. There is no year 0. -#}
{% macro iso_day(text, day_order) %}
    {%- set rest = "([T ].*)?$" -%}
    {%- if day_order -%}
        {%- set text = replace_groups(
            text, "^([0-9]{1,2})[/.-]([0-9]{1,2})[/.-](0*[1-9][0-9]*)" ~ rest, ([3, '-', 2, '-', 1] if day_order == 'day_first' else [3, '-', 1, '-', 2]) + [4]
        ) -%}
    {%- endif -%}
    {%- set padded = replace_groups(text, "^([0-9]{4})[/-]([0-9]{1,2})[/-]([0-9]{1,2})" ~ rest, [1, '-0', 2, '-0', 3, 4]) -%}
    {{ return(replace_groups(padded, "^([0-9]{4})-0?([0-9]{2})-0?([0-9]{2})" ~ rest, [1, '-', 2, '-', 3, 4])) }}
{% endmacro %}

{#- Of a text that has been checked. The first hour of its day with its minutes and seconds is what every engine reads alike; then its
    hours are added, and its offset is taken off. -#}
{% macro moment_of(text) %}
    {%- set after_minutes = "substring(" ~ text ~ ", 17)" -%}
    {%- set seconds = "coalesce(nullif(" ~ replace_pattern(after_minutes, "[ A-Za-z+-].*", "") ~ ", ''), ':00')" -%}
    {%- set first_hour = "substring(" ~ text ~ ", 1, 10) || ' 00' || substring(" ~ text ~ ", 14, 3) || substring(" ~ seconds ~ ", 1, 10)" -%}
    {%- set offset = "(" ~ replace_pattern(after_minutes, "^:[0-9]{2}([.][0-9]+)?|[ :A-Za-z]", "") ~ " || '00000')" -%}
    {%- set hours = "cast(substring(" ~ text ~ ", 12, 2) as " ~ dbt.type_int() ~ ")" -%}
    {%- set offset_minutes = "(60 * cast(substring(" ~ offset ~ ", 2, 2) as " ~ dbt.type_int() ~ ") + cast(substring(" ~ offset ~ ", 4, 2) as " ~ dbt.type_int() ~ "))" -%}
    {{ return(add_minutes(
        "cast(" ~ first_hour ~ " as " ~ sql_type('timestamp') ~ ")",
        "(60 * " ~ hours ~ " - case when " ~ after_minutes ~ " like '%-%' then -1 else 1 end * " ~ offset_minutes ~ ")"
    )) }}
{% endmacro %}

{#- Epoch seconds up to the end of the year 9999, larger numbers milliseconds, larger than those
    microseconds (both from 1978 on); null beyond, and for numbers of fewer than nine digits, which
    are no seconds since 1973 but days (20260601, 46174) or counts. -#}
{% macro epoch_to_timestamp(number) %}
    {%- set size = "abs(cast(" ~ number ~ " as " ~ sql_type('double precision') ~ "))" -%}
    {%- set seconds = "(case when " ~ size ~ " < 100000000 then null when " ~ size ~ " < 253402300800 then " ~ number ~ " when " ~ size ~ " < 253402300800000 then " ~ number ~ " / 1e3 when " ~ size ~ " < 253402300800000000 then " ~ number ~ " / 1e6 end)" -%}
    {{ return(adapter.dispatch('seconds_to_timestamp')(seconds)) }}
{% endmacro %}

{% macro postgres__seconds_to_timestamp(seconds) %}
    {{ return("(to_timestamp(round(cast(" ~ seconds ~ " as numeric), 3)) at time zone 'UTC')") }}
{% endmacro %}

{% macro default__seconds_to_timestamp(seconds) %}
    {{ return("epoch_ms(cast(round(" ~ seconds ~ " * 1000) as bigint))") }}
{% endmacro %}

{% macro spark__seconds_to_timestamp(seconds) %}
    {{ return("timestamp_millis(cast(round(" ~ seconds ~ " * 1000) as bigint))") }}
{% endmacro %}

{% macro snowflake__seconds_to_timestamp(seconds) %}
    {{ return("to_timestamp_ntz(cast(round(" ~ seconds ~ " * 1000) as bigint), 3)") }}
{% endmacro %}

{% macro bigquery__seconds_to_timestamp(seconds) %}{{ return(spark__seconds_to_timestamp(seconds)) }}{% endmacro %}

{% macro redshift__seconds_to_timestamp(seconds) %}
    {{ return("(timestamp 'epoch' + round(cast(" ~ seconds ~ " as numeric(38, 6)), 3) * interval '1 second')") }}
{% endmacro %}

{#- Regular expression found anywhere in the text. -#}
{% macro matches(text, pattern) %}{{ return(adapter.dispatch('matches')(text, pattern)) }}{% endmacro %}

{% macro default__matches(text, pattern) %}
    {{ return("regexp_matches(" ~ text ~ ", " ~ text_literal(pattern) ~ ")") }}
{% endmacro %}

{% macro postgres__matches(text, pattern) %}
    {{ return("(" ~ text ~ " ~ " ~ text_literal(pattern) ~ ")") }}
{% endmacro %}

{#- To Java the end of a text is also before its last line end, of which it knows more than trimmed() does. -#}
{% macro spark__matches(text, pattern) %}
    {{ return("(" ~ text ~ " rlike " ~ text_literal(pattern[:-1] ~ '\\z' if pattern.endswith('$') else pattern) ~ ")") }}
{% endmacro %}

{% macro snowflake__matches(text, pattern) %}{{ return("(regexp_instr(" ~ text ~ ", " ~ text_literal(pattern) ~ ") > 0)") }}{% endmacro %}

{% macro bigquery__matches(text, pattern) %}{{ return("regexp_contains(" ~ text ~ ", " ~ text_literal(pattern) ~ ")") }}{% endmacro %}

{#- Every occurrence of a pattern. -#}
{% macro replace_pattern(text, pattern, replacement) %}
    {{ return(adapter.dispatch('replace_pattern')(text, pattern, replacement)) }}
{% endmacro %}

{% macro default__replace_pattern(text, pattern, replacement) %}
    {{ return("regexp_replace(" ~ text ~ ", " ~ text_literal(pattern) ~ ", " ~ text_literal(replacement) ~ ", 'g')") }}
{% endmacro %}

{% macro spark__replace_pattern(text, pattern, replacement) %}
    {{ return("regexp_replace(" ~ text ~ ", " ~ text_literal(pattern) ~ ", " ~ text_literal(replacement) ~ ")") }}
{% endmacro %}

{% macro snowflake__replace_pattern(text, pattern, replacement) %}
    {{ return(spark__replace_pattern(text, pattern, replacement)) }}
{% endmacro %}

{% macro bigquery__replace_pattern(text, pattern, replacement) %}
    {{ return(spark__replace_pattern(text, pattern, replacement)) }}
{% endmacro %}

{% macro redshift__replace_pattern(text, pattern, replacement) %}
    {{ return(spark__replace_pattern(text, pattern, replacement)) }}
{% endmacro %}

{#- The first occurrence, by groups of the pattern and texts between them: [2, '-', 1]. -#}
{% macro replace_groups(text, pattern, parts) %}{{ return(adapter.dispatch('replace_groups')(text, pattern, parts)) }}{% endmacro %}

{% macro default__replace_groups(text, pattern, parts, mark='\\') %}
    {%- set replacement = [] -%}
    {%- for part in parts -%}{%- do replacement.append(mark ~ part if part is integer else part) -%}{%- endfor -%}
    {{ return("regexp_replace(" ~ text ~ ", " ~ text_literal(pattern) ~ ", " ~ text_literal(replacement | join) ~ ")") }}
{% endmacro %}

{% macro spark__replace_groups(text, pattern, parts) %}{{ return(default__replace_groups(text, pattern, parts, mark='$')) }}{% endmacro %}

{% macro redshift__replace_groups(text, pattern, parts) %}{{ return(default__replace_groups(text, pattern, parts, mark='$')) }}{% endmacro %}
