{#- What a Zendesk table says of the way something came: a column of its own, or a key of the one JSON column `via` that holds it all
    (channel on top, rel in its source). -#}
{% macro zendesk_via(landed, key) -%}
    {%- set columns = {'channel': 'via_channel', 'rel': 'via_source_rel'} -%}
    {%- set json = fold_case(replace_pattern(field(landed, 'via'), '" *: *"', '":"')) -%}
coalesce(
            {{ fold_case(field(landed, columns[key])) }},
            nullif({{ dbt.split_part(dbt.split_part(json, "'\"" ~ key ~ "\":\"'", 2), "'\"'", 1) }}, '')
        )
{%- endmacro %}

{#- Written by a rule of the tool or a bot, not by whom it names. -#}
{% macro is_zendesk_machine(channel) -%}
coalesce({{ channel }} in ('rule', 'trigger', 'automation', 'system') or {{ channel }} like 'answer_bot%', false)
{%- endmacro %}

{#- Channels whose messages are kept in the chat of a ticket, not in its comments. -#}
{% macro zendesk_chat_channels() -%}
('chat', 'native_messaging', 'whatsapp', 'instagram_dm', 'line', 'wechat', 'telegram', 'viber', 'apple_business_chat')
{%- endmacro %}

{#- Opening hours told in the prose of the audit log, with a bracket round those before and those after, `|` between them and no quotes
    or escapes. -#}
{% macro zendesk_hours_told(prose) %}
    {%- set plain = namespace(text=fold_case(prose)) -%}
    {%- for pattern, replacement in [
        ('&(amp;)*gt;', '>'), ('&(amp;)*quot;', '"'), ('" *(=>|:) *"', '-'), ('[^a-z0-9:,{}-]', ''),
        (':*[{]', '<'), ('[}]', '>'), ('>to<', '|'),
    ] -%}
        {%- set plain.text = replace_pattern(plain.text, pattern, replacement) -%}
    {%- endfor -%}
    {{ return(plain.text) }}
{% endmacro %}
