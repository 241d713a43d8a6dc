-- True, or an error where the network was not asked about such a patch (see known_unit).
create macro known_patch(asked) as if(
    exists (from activation where activation.patch = asked), true, error('Patch ' || asked || ' was not probed.')
)
