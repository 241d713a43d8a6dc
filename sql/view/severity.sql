-- One number a class or pathology: malignant is worse than benign, benign than unproven, unproven than normal.
create macro severity(pathology) as
    case class_of(pathology) when 'malignant' then 3 when 'benign' then 2 when 'normal' then 0 else 1 end
