-- One class a pathology: a benign lesion without callback counts as benign.
create macro class_of(pathology) as
    case pathology when 'benign_without_callback' then 'benign' else pathology end
