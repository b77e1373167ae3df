{#- Type names of the contracts (string, bigint, double precision, boolean, timestamp, date,
    numeric(p,s)) in the words of the engine. A score is a double that may land with its label (labelled_number). -#}
{% macro sql_type(type) %}
    {{ return(adapter.dispatch('sql_type')('double precision' if type == 'score' else type)) }}
{% endmacro %}

{% macro default__sql_type(type) %}
    {{ return(api.Column.translate_type(type)) }}
{% endmacro %}

{% macro spark__sql_type(type) %}
    {{ return({'double precision': 'double', 'timestamptz': 'timestamp'}.get(type) or api.Column.translate_type(type)) }}
{% endmacro %}

{#- NUMERIC ends at nine decimals. -#}
{% macro bigquery__sql_type(type) %}
    {%- set decimals = modules.re.match('numeric[(][0-9]+, *([0-9]+)[)]', type) -%}
    {%- if decimals and decimals.group(1) | int > 9 -%}{{ return('big' ~ type) }}{%- endif -%}
    {{ return({'double precision': 'float64', 'timestamptz': 'timestamp'}.get(type) or api.Column.translate_type(type)) }}
{% endmacro %}

{% macro is_text_type(dtype) %}
    {{ return(modules.re.match('(?i)(text|string|varchar|character|char|bpchar|name|citext|json)', dtype) is not none) }}
{% endmacro %}

{% macro is_whole_number_type(dtype) %}
    {{ return(modules.re.match('(?i)u?(tinyint|smallint|int|integer|bigint|hugeint|serial|long|short)[0-9]*$', dtype) is not none) }}
{% endmacro %}

{% macro is_number_type(dtype) %}
    {{ return(is_whole_number_type(dtype) or modules.re.match('(?i)(numeric|decimal|double|float|real)', dtype) is not none) }}
{% endmacro %}

{#- Whether values of a landed type can be read as a contract type at all: bytes are no text
    before somebody says in which encoding, and a truth is neither a score nor a time. -#}
{% macro is_readable(dtype, type) %}
    {%- if modules.re.match('(?i)(blob|bytea|bytes|binary|varbinary)', dtype) -%}
        {{ return(false) }}
    {%- elif is_text_type(dtype) or type in ['string', 'boolean'] -%}
        {{ return(true) }}
    {%- elif type in ['timestamp', 'date'] -%}
        {{ return(is_number_type(dtype) or modules.re.match('(?i)date|timestamp', dtype) is not none) }}
    {%- endif -%}
    {{ return(is_number_type(dtype)) }}
{% endmacro %}

{#- Whole numbers of which every one has its place in the contract type. -#}
{% macro always_fits(dtype, type) %}
    {{ return(
        is_whole_number_type(dtype)
        and (type in ['double precision', 'score'] or type == 'bigint' and not modules.re.match('(?i)u|huge', dtype))
    ) }}
{% endmacro %}

{#- Landed value to contract type. What cannot be read gives null (parse_errors names it): text
    that is no number or time, numbers beyond the type. NaN, a loader's word for nothing, is
    null too, and so is a time that is infinite, its word for never. Numbers in a time column are
    epoch seconds, milli- or microseconds. -#}
{% macro to_type(landed_expression, dtype, type, day_order=none) %}
    {%- set expression = json_value(landed_expression) if modules.re.match('(?i)json', dtype) else landed_expression -%}
    {%- if type == 'string' -%}
        {{ return(byte_order(to_text(expression, dtype))) }}
    {%- elif type == 'boolean' -%}
        {%- if dtype | lower in ['boolean', 'bool'] -%}
            {{ return(expression) }}
        {%- else -%}
            {%- set text = upper_code(trimmed("cast(" ~ expression ~ " as " ~ sql_type('string') ~ ")")) -%}
            {{ return("case when " ~ text ~ " in ('TRUE', 'T', '1', '1.0', 'YES', 'Y') then true when " ~ text ~ " in ('FALSE', 'F', '0', '0.0', 'NO', 'N') then false end") }}
        {%- endif -%}
    {%- elif type == 'timestamp' -%}
        {{ return(to_timestamp_type(expression, dtype, day_order)) }}
    {%- elif type == 'date' -%}
        {{ return(finite(expression) if dtype | lower == 'date' else "cast(" ~ to_timestamp_type(expression, dtype, day_order) ~ " as date)") }}
    {%- elif type == 'score' -%}
        {{ return(to_type(labelled_number(expression) if is_text_type(dtype) else expression, dtype, 'double precision')) }}
    {%- elif always_fits(dtype, type) -%}
        {{ return("cast(" ~ expression ~ " as " ~ sql_type(type) ~ ")") }}
    {%- elif type.startswith('numeric') -%}
        {{ return(to_decimal(expression, dtype, type)) }}
    {%- else -%}
        {%- set number = try_to_double(expression) if is_text_type(dtype) else expression -%}
        {%- set limit = {'bigint': '9e18', 'double precision': '1e300'}[type] -%}
        {%- set rounded = "floor(" ~ number ~ " + 0.5)" if type == 'bigint' else number -%}
        {{ return("cast(case when abs(" ~ as_double(number) ~ ") < " ~ limit ~ " then " ~ rounded ~ " end as " ~ sql_type(type) ~ ")") }}
    {%- endif -%}
{% endmacro %}

{#- Some tools land the label of an answer beside its number: 9 - very likely, 0 (not at all), 5: agree. The number alone; any other text
    stays. A digit after the mark makes it something else, a range or a time, and a hyphen without a space a day: 9-Oct. -#}
{% macro labelled_number(text) %}
    {%- set label = "^[0-9]{1,4}([.][0-9]+)? *(- +|[:=(] *)[^-0-9 .>]" -%}
    {{ return("case when " ~ matches(trimmed(text), label) ~ " then " ~ replace_pattern(trimmed(text), "[^0-9.].*$", "") ~ " else " ~ text ~ " end") }}
{% endmacro %}

{#- Ids that a loader widened to floating point are whole numbers: 1595.0 is the id 1595. An infinite number is inf or -inf, which
    some engines spell out. -#}
{% macro to_text(expression, dtype) %}
    {%- set text = "cast(" ~ expression ~ " as " ~ sql_type('string') ~ ")" -%}
    {%- if is_text_type(dtype) -%}
        {{ return("nullif(" ~ trimmed(expression) ~ ", '')") }}
    {%- elif is_number_type(dtype) and not is_whole_number_type(dtype) -%}
        {{ return(
            "case when abs(" ~ expression ~ ") < 9e15 and " ~ expression ~ " = floor(" ~ expression ~ ") then cast(cast(" ~ expression ~ " as bigint) as "
            ~ sql_type('string') ~ ") when " ~ upper_code(text) ~ " <> 'NAN' then replace(" ~ text ~ ", 'Infinity', 'inf') end"
        ) }}
    {%- endif -%}
    {{ return(text) }}
{% endmacro %}

{#- A number with so many decimals, halves away from zero. It is read from its digits, those of a double too: the 1.005 that somebody
    wrote is 1.01, although the double beside it is smaller. PostgreSQL forgets the scale of a number that a case may leave null. -#}
{% macro to_decimal(expression, dtype, type) %}
    {%- set is_exact = is_whole_number_type(dtype) or modules.re.match('(?i)numeric|decimal', dtype) -%}
    {%- set digits = trimmed(expression) if is_text_type(dtype) else expression if is_exact else "cast(" ~ expression ~ " as " ~ sql_type('string') ~ ")" -%}
    {%- set size = try_to_double(expression) if is_text_type(dtype) else as_double(expression) -%}
    {{ return("cast(case when abs(" ~ size ~ ") < 1e15 then " ~ digits ~ " end as " ~ sql_type(type) ~ ")") }}
{% endmacro %}

{#- Text without white space around it: spaces, tabs, line ends, no-break spaces. -#}
{% macro trimmed(text) %}{{ return(adapter.dispatch('trimmed')(text)) }}{% endmacro %}

{% macro white_space() %}{{ return("' ' || chr(9) || chr(10) || chr(13) || chr(160)") }}{% endmacro %}

{% macro default__trimmed(text) %}{{ return("trim(" ~ text ~ ", " ~ white_space() ~ ")") }}{% endmacro %}

{% macro postgres__trimmed(text) %}{{ return("btrim(" ~ text ~ ", " ~ white_space() ~ ")") }}{% endmacro %}

{% macro spark__trimmed(text) %}{{ return("btrim(" ~ text ~ ", " ~ white_space() ~ ")") }}{% endmacro %}

{% macro to_timestamp_type(expression, dtype, day_order=none) %}
    {%- if is_text_type(dtype) -%}
        {{ return(try_to_timestamp(expression, day_order)) }}
    {%- elif is_number_type(dtype) -%}
        {{ return(epoch_to_timestamp(expression)) }}
    {%- elif dtype | lower == 'date' -%}
        {{ return("cast(" ~ finite(expression) ~ " as " ~ sql_type('timestamp') ~ ")") }}
    {%- elif 'with time zone' in dtype | lower or dtype | lower in ['timestamptz', 'timestamp_tz'] -%}
        {{ return(finite(to_time_zone(expression, 'UTC'))) }}
    {%- else -%}
        {{ return(finite("cast(" ~ expression ~ " as " ~ sql_type('timestamp') ~ ")")) }}
    {%- endif -%}
{% endmacro %}

{#- Sum of whole numbers as a whole number (engines widen it each in their own way). -#}
{% macro total(expression) -%}
cast(sum({{ expression }}) as {{ sql_type('bigint') }})
{%- endmacro %}
