{#- Post-hook of every model: dbt makes a new table and drops the old one, and on PostgreSQL the grants of the old one would go with it.
    What dbt's own setting `grants` says comes after this and counts. -#}
{% macro keep_grants() %}{{ return(adapter.dispatch('keep_grants')()) }}{% endmacro %}

{% macro default__keep_grants() %}{{ return('') }}{% endmacro %}

{% macro postgres__keep_grants() %}{{ return(granted_like(this, make_backup_relation(this, 'table')) if execute else '') }}{% endmacro %}

{% macro redshift__keep_grants() %}{{ return('') }}{% endmacro %}

{#- PostgreSQL: a block that grants on a relation what is granted on another, on the whole and on columns that both have; nothing where the
    other is not there. -#}
{% macro granted_like(relation, other) %}
    {%- set relation_id, other_id = "to_regclass(" ~ text_literal(relation.include(database=false) | string) ~ ")", "to_regclass(" ~ text_literal(other.include(database=false) | string) ~ ")" -%}
    {{ return(
        "do $$\n"
        ~ "declare\n"
        ~ "    given record;\n"
        ~ "begin\n"
        ~ "    for given in\n"
        ~ "        select '' as of_column, acl.* from pg_class as old, aclexplode(old.relacl) as acl where old.oid = " ~ other_id ~ " and acl.grantee <> old.relowner\n"
        ~ "        union all\n"
        ~ "        select format('(%I)', old.attname), acl.* from pg_attribute as old\n"
        ~ "        inner join pg_attribute as new on new.attrelid = " ~ relation_id ~ " and new.attname = old.attname and not new.attisdropped,\n"
        ~ "        aclexplode(old.attacl) as acl where old.attrelid = " ~ other_id ~ "\n"
        ~ "    loop\n"
        ~ "        execute format(\n"
        ~ "            'grant %s %s on %s to %s %s', given.privilege_type, given.of_column, " ~ relation_id ~ "::text,\n"
        ~ "            case when given.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(given.grantee)) end, case when given.is_grantable then 'with grant option' else '' end\n"
        ~ "        );\n"
        ~ "    end loop;\n"
        ~ "end $$"
    ) }}
{% endmacro %}
