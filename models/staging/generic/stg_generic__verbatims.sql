{{ config(enabled=is_listed('survey', 'generic'), schema='restricted', group='privacy', access='private') }}

{{ stage_contract('survey', 'verbatims') }}
