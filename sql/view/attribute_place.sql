-- One number a concept: where its attribute stands in a name, "clustered pleomorphic calcifications".
create macro attribute_place(concept) as coalesce(
    list_position(
        ['shape', 'margins', 'distribution', 'calcification type', 'lesion type'], split_part(concept, ': ', 1)
    ), 0
)
