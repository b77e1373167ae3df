{#- Where a node of the graph (model, seed or source) is in the warehouse; own_model finds the node of a model by its name. -#}
{% macro relation_of(node) %}
    {{ return(api.Relation.create(database=node.database, schema=node.schema, identifier=node.identifier or node.alias)) }}
{% endmacro %}

{% macro own_model(name) %}{{ return(graph.nodes['model.' ~ project_name ~ '.' ~ name]) }}{% endmacro %}
