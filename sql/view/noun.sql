-- One row where the domain has attributes: the last in a name, which says what a finding is: the lesion type.
create view noun as
select arg_max(attribute, place) as attribute
from term
having attribute is not null
