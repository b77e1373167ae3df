-- Grain: one row per run of dbt (build or run). The hooks in macros/runs write the rows, the start
-- of a run before its first model and the end after its last: this model only makes the table.
{{ config(materialized='incremental', incremental_strategy='append', on_schema_change='append_new_columns', full_refresh=false) }}

{{ no_rows(model.columns.values()) }}
