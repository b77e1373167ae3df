{#- A row that breaks a rule is set aside with a reason, never dropped: int_*_checked models
    carry every landed row with quarantine_reason (null when sound), record_id and payload;
    quarantined_records gathers them. Reasons are described in seeds/policy/quarantine_reasons.csv. -#}

{#- [[reason, condition], ...] in order: the first condition that holds names the row. -#}
{% macro quarantine_reason(rules) -%}
case
    {%- for reason, condition in rules %}
            when {{ condition }} then '{{ reason }}'
    {%- endfor %}
        end
{%- endmacro %}

{#- 1 for the row of a key that counts, 2.. for its duplicates: the latest business time, then
    the latest load, then a total order over what is left. -#}
{% macro copy_number(key, order_by) -%}
row_number() over (
            partition by {{ key }}
            order by
                {%- for column in (order_by + ['parse_errors nulls first']) | unique %}
                {{ column if ' nulls ' in column else column ~ ' nulls last' }}{{ ',' if not loop.last }}
                {%- endfor %}
        )
{%- endmacro %}

{#- Unique name of a landed row: its key; copies and missing keys are numbered. A # of the key
    itself is doubled: a key x#2 is no second copy of x. -#}
{% macro record_id(key, copy_number='copy_number') -%}
coalesce({{ dbt.replace(key, "'#'", "'##'") }}, '(missing)')
        || case
            when {{ key }} is null or {{ copy_number }} > 1 then '#' || cast({{ copy_number }} as {{ dbt.type_string() }})
            else ''
        end
{%- endmacro %}

{#- A key of several columns in words, [prefix, column] after the first column; an empty part is named, so that rows whose key
    lacks a part are told apart as their copy numbers tell them. -#}
{% macro key_of(column, parts) -%}
coalesce({{ column }}, '(missing)')
    {%- for words, part in parts %} || ' {{ words }}' || coalesce(cast({{ part }} as {{ dbt.type_string() }}), '(missing)'){% endfor %}
{%- endmacro %}

{#- JSON object of the named columns of a row that was set aside; numbers names the doubles, which
    engines would spell each in their own way; persons names ids of people, which stand as their keyed hash. Texts are cut: the
    payload is to find the row. Never name a personal column: the mart is public. -#}
{% macro payload(columns, numbers=[], persons=[], when='quarantine_reason is not null') -%}
    {%- set pairs = [] -%}
    {%- for column in columns -%}
        {%- set name = column.split('.')[-1] -%}
        {%- set text = "cast(" ~ column ~ " as " ~ dbt.type_string() ~ ")" -%}
        {%- if name in persons -%}
            {%- set text = contact_key(column) -%}
        {%- elif name in numbers -%}
            {%- set decimal = replace_pattern(decimal_text(column), '[.]?0+$', '') -%}
            {%- set text = "case when abs(" ~ column ~ ") < 1e15 then " ~ decimal ~ " else " ~ text ~ " end" -%}
        {%- endif -%}
        {%- set escaped = namespace(text='substring(' ~ text ~ ', 1, 200)') -%}
        {%- for from_text, to_text in [(text_literal('\\'), '\\\\'), (text_literal('"'), '\\"'), ('chr(10)', '\\n'), ('chr(13)', '\\r'), ('chr(9)', '\\t')] -%}
            {%- set escaped.text = dbt.replace(escaped.text, from_text, text_literal(to_text)) -%}
        {%- endfor -%}
        {%- set escaped.text = replace_pattern(escaped.text, '[\\x00-\\x1f]', ' ') -%}
        {%- do pairs.append("coalesce('\"" ~ name ~ "\":\"' || " ~ escaped.text ~ " || '\"', '\"" ~ name ~ "\":null')") -%}
    {%- endfor -%}
case when {{ when }} then '{' || {{ pairs | join(" || ','\n            || ") }} || '}' end
{%- endmacro %}

{#- The key of a row as the public may see it. A key that is not there names nobody. -#}
{% macro public_record_id(is_of_people) -%}
    {%- set names_a_person = "record_id not like '(missing)#%'" if is_of_people else looks_personal('record_id') -%}
case when {{ names_a_person }} then {{ contact_key('record_id') }} else record_id end
{%- endmacro %}

{#- A time the business cannot have had: before 1990 or after as_of_date. -#}
{% macro is_before_plausible(timestamp) -%}
{{ timestamp }} < timestamp '1990-01-01 00:00:00'
{%- endmacro %}

{% macro is_after_as_of(timestamp) -%}
{{ reporting_date(timestamp) }} > {{ as_of_date_sql() }}
{%- endmacro %}
