{#- Nothing is lost and nothing doubled: per vendor, the rows of the model this one is made of are its
    rows. of_where: only those rows of it that this model is about. -#}
{% test conserves_rows(model, of, of_where='true') %}
select
    coalesce(landed.source_vendor, checked.source_vendor) as source_vendor,
    landed.row_count as landed_rows,
    checked.row_count as checked_rows
from (
    select source_vendor, count(*) as row_count
    from {{ of }}
    where {{ of_where }}
    group by source_vendor
) as landed
full outer join (
    select source_vendor, count(*) as row_count
    from {{ model }}
    group by source_vendor
) as checked on landed.source_vendor = checked.source_vendor
where coalesce(landed.row_count, 0) <> coalesce(checked.row_count, 0)
{% endtest %}
