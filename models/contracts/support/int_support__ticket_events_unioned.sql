-- A table, for both tickets and events are checked against it and it is the longest by far.
{{ config(materialized='table') }}
{{ union_vendors('support', 'ticket_events') }}
