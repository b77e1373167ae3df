-- One row per broken rule of a policy seed. Every staging model waits for this one, and its
-- post-hook stops the run when there is a row, so a broken policy never reaches a mart.
{{ config(materialized='table', post_hook='{{ stop_on_policy_violations() }}') }}

select * from {{ ref('int_policy__roles_violations') }}
union all
select * from {{ ref('int_policy__surveys_violations') }}
union all
select * from {{ ref('int_policy__operations_violations') }}
union all
select * from {{ ref('int_policy__scorecards_violations') }}
union all
select * from {{ ref('int_policy__signals_violations') }}
union all
select * from {{ ref('int_policy__bands_violations') }}
